"""Due dates and starts: from text to instants and days, and into a zone. Pure."""

from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from taskflow.base.clock import rfc3339
from taskflow.tasks.zones import instant, parse_zone, wall_time

_DAY_LENGTH: Final = len("2026-01-24")


def parse_when(text: str) -> datetime | date:
    """The instant (RFC 3339), wall time (without an offset) or day in a text.

    Raises:
        ValueError: it is none of them.
    """
    if len(text) == _DAY_LENGTH:
        return date.fromisoformat(text)
    return datetime.fromisoformat(text)


def instant_in(zone: ZoneInfo, when: datetime | date) -> datetime:
    """An instant; of a wall time in the zone, and of a day when it begins there."""
    if isinstance(when, datetime) and when.tzinfo is not None:
        return when.astimezone(UTC)
    local = when if isinstance(when, datetime) else datetime.combine(when, time())
    return instant(local, zone)


def shown_in(zone: ZoneInfo, when: datetime | date) -> str:
    """An instant with the zone's offset (RFC 3339), or a plain day."""
    if isinstance(when, datetime):
        return when.astimezone(zone).isoformat()
    return when.isoformat()


def moved_on_wall(when: str, before: str, after: str) -> str:
    """A due date at the same wall time in another zone; a day is the same everywhere."""
    moment = parse_when(when)
    if not isinstance(moment, datetime):
        return when
    local = wall_time(instant_in(parse_zone(before), moment), parse_zone(before))
    return rfc3339(instant(local, parse_zone(after)))


def kept_on_wall(when: str, before: str, after: str) -> str:
    """The same, as a wall time where the other zone leaves it out: it comes back elsewhere."""
    moment = parse_when(when)
    if not isinstance(moment, datetime):
        return when
    local = moment if moment.tzinfo is None else wall_time(moment, parse_zone(before))
    return written_on_wall(local, parse_zone(after))


def written_on_wall(local: datetime, zone: ZoneInfo) -> str:
    """A wall time as its instant; one that the zone leaves out on that day, as it is."""
    at = instant(local, zone)
    return rfc3339(at) if wall_time(at, zone) == local else local.isoformat()
