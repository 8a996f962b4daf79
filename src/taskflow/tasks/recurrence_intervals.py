"""One interval after something was done, on the wall. Pure."""

from calendar import monthrange
from datetime import date as Day  # noqa: N812 - as in its neighbour
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from taskflow.events.payloads import Recurrence
from taskflow.tasks.recurrence_days import LAST_YEAR
from taskflow.tasks.recurrence_rules import Rule
from taskflow.tasks.zones import wall_time


def interval_after(
    done_at: datetime, rule: Rule, time_of_day: time, zone: ZoneInfo
) -> datetime | None:
    """The wall time one interval after an instant; None past the calendar's end.

    Hours go by as they pass; after days, weeks, months and years it is the time of day again, or,
    where the rule names hours, the beginning of the day. In a month that lacks the day it is the
    last one.
    """
    try:
        if rule.frequency == "HOURLY":
            return wall_time(done_at + timedelta(hours=rule.interval), zone)
        day = _day_after(wall_time(done_at, zone).date(), rule)
    except (OverflowError, ValueError):
        return None
    if day.year > LAST_YEAR:
        return None
    return datetime.combine(day, time_of_day.replace(hour=0) if rule.hours else time_of_day)


def _day_after(day: Day, rule: Rule) -> Day:
    if rule.frequency == "DAILY":
        return day + timedelta(days=rule.interval)
    if rule.frequency == "WEEKLY":
        return day + timedelta(weeks=rule.interval)
    steps = rule.interval * (12 if rule.frequency == "YEARLY" else 1)
    months = day.year * 12 + day.month - 1 + steps
    year, month = months // 12, months % 12 + 1
    return Day(year, month, min(day.day, monthrange(year, month)[1]))


def at_every_interval(recurrence: Recurrence) -> Recurrence:
    """The recurrence at every interval, without an end.

    A day of the month that it does not name is that of the completion, which no month may lack.
    """
    parts = [part for part in recurrence.rule.split(";") if not part.startswith("INTERVAL=")]
    month_end = recurrence.month_end if "BYMONTHDAY" in recurrence.rule else "clamp"
    return replace(recurrence, rule=";".join(parts), until=None, count=None, month_end=month_end)
