"""Until when people snooze without typing a time. Pure: the time is an argument."""

from datetime import datetime, time, timedelta
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

from taskflow.base.errors import Invalid
from taskflow.tasks.durations import Duration
from taskflow.tasks.zones import instant, wall_time

Preset = Literal["in_10_minutes", "in_an_hour", "this_evening", "tomorrow_morning", "next_week"]
PRESETS: Final[tuple[Preset, ...]] = get_args(Preset)
EVENING: Final = time(18)
MORNING: Final = time(9)
# An evening that is nearer than this has begun.
NEAR: Final = timedelta(minutes=10)
_DAY: Final = timedelta(days=1)


def presets(now: datetime, zone: ZoneInfo) -> dict[Preset, datetime]:
    """What each preset means now, in UTC; this evening is not among them once it has begun.

    Args:
        now: The time.
        zone: Where the person's wall is; next week begins on its Monday.
    """
    today = wall_time(now, zone).date()
    monday = today + (7 - today.weekday()) * _DAY
    found: dict[Preset, datetime] = {
        "in_10_minutes": now + timedelta(minutes=10),
        "in_an_hour": now + timedelta(hours=1),
        "this_evening": instant(datetime.combine(today, EVENING), zone),
        "tomorrow_morning": instant(datetime.combine(today + _DAY, MORNING), zone),
        "next_week": instant(datetime.combine(monday, MORNING), zone),
    }
    if found["this_evening"] < now + NEAR:
        del found["this_evening"]
    return found


def after(duration: Duration, now: datetime, zone: ZoneInfo) -> datetime:
    """The instant so long from now, in UTC: days by the wall, then exact seconds."""
    days_later = instant(wall_time(now, zone) + timedelta(days=duration.days), zone)
    return (days_later if duration.days else now) + timedelta(seconds=duration.seconds)


def preset_time(name: Preset, now: datetime, zone: ZoneInfo) -> datetime:
    """What a preset means now.

    Raises:
        Invalid: it means nothing any more today.
    """
    try:
        return presets(now, zone)[name]
    except KeyError:
        raise Invalid.field("preset", "this evening has begun") from None
