"""Time zones and wall time. Pure.

The rules of the zones are those of the package `tzdata`, which is pinned, and never those of the
machine: two replicas that took them from their machines could disagree about an hour.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, reset_tzpath

from taskflow.base.errors import Invalid

# Due dates lie in these: far enough from the calendar's ends for any zone and interval.
YEARS: Final = range(1900, 9000)
reset_tzpath(())
ZoneInfo.clear_cache()
_NAME: Final = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}")


@lru_cache(maxsize=1024)
def parse_zone(name: str) -> ZoneInfo:
    """The zone of an IANA name.

    Raises:
        Invalid: there is none of this name.
    """
    if _NAME.fullmatch(name):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, OSError, ValueError):
            pass
    raise Invalid.field("timezone", "is not the name of a time zone, such as Europe/Berlin")


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a wall time, in UTC.

    A wall time that a change of the clocks leaves out is moved forward by the gap; one that happens
    twice is the first (RFC 5545 section 3.3.5), unless its `fold` says that it is the second.
    Where the calendar ends before it is as late, or as early, in UTC, it is one of UTC.
    """
    # Much is expanded by this: to combine takes a tenth of the time that `replace` takes.
    try:
        return datetime.combine(local.date(), local.time(), zone).astimezone(UTC)
    except OverflowError:
        return local.replace(tzinfo=UTC)


def wall_time(at: datetime, zone: ZoneInfo) -> datetime:
    """What the wall's clock shows at an instant, without a zone; UTC at the calendar's ends."""
    try:
        shown = at.astimezone(zone)
    except OverflowError:
        shown = at.astimezone(UTC)
    return datetime.combine(shown.date(), shown.time())


def is_left_out(local: datetime, zone: ZoneInfo) -> bool:
    """Whether a change of the clocks leaves a wall time out, so that it is moved forward."""
    return wall_time(instant(local, zone), zone) != local


def oddity(local: datetime, zone: ZoneInfo) -> str | None:
    """What is not plain about a wall time in a zone, in a sentence."""
    shown = wall_time(instant(local, zone), zone)
    if shown.date() != local.date():
        moved = f"moved forward to {shown:%Y-%m-%d %H:%M}"
        return f"{local:%Y-%m-%d %H:%M} does not exist here; {moved}"
    if shown != local:
        return f"{local:%H:%M} does not exist on this day; moved forward to {shown:%H:%M}"
    first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    if first.utcoffset() != second.utcoffset():
        return f"{local:%H:%M} happens twice on this day; the first is meant"
    return None
