"""When a person's quiet hours end, and what they hold up. Pure: the time is an argument."""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from taskflow.accounts.model import NotificationPreferences, is_quiet
from taskflow.tasks.zones import instant, wall_time

_DAY: Final = timedelta(days=1)


def quiet_until(wanted: NotificationPreferences, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the quiet hours that hold now end, in UTC; None where none hold.

    The end is a time on the person's wall: where the clocks leave it out it is moved forward by
    the gap, and where it happens twice it is the one that comes next.
    """
    local = wall_time(now, zone)
    if wanted.quiet_hours is None or not is_quiet(wanted, local.time()):
        return None
    end = datetime.combine(local.date(), time.fromisoformat(wanted.quiet_hours.end))
    ends = (end, end.replace(fold=1), end + _DAY, end + 2 * _DAY)
    return next(found for one in ends if (found := instant(one, zone)) > now)


def held_until(
    wanted: NotificationPreferences, zone: ZoneInfo, postponed_from: datetime, now: datetime
) -> tuple[datetime, datetime | None]:
    """When what quiet hours hold up comes, by those that hold now; None where they do no more.

    Args:
        wanted: What its owner wants by now.
        zone: Where their wall is.
        postponed_from: When it was due.
        now: The time.

    Returns:
        When it comes, and since when it is held up.
    """
    earliest = max(postponed_from, now)
    until = quiet_until(wanted, zone, earliest)
    return (earliest, None) if until is None else (until, postponed_from)


def comes_at(wanted: NotificationPreferences, zone: ZoneInfo, fire_at: datetime) -> datetime:
    """When a reminder comes where nothing goes wrong: at its time, or when quiet hours end then."""
    return quiet_until(wanted, zone, fire_at) or fire_at
