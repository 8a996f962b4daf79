"""What an occurrence would be that its month or its day has no room for. Pure.

The 31st is in February the 28th, and half past two is half past three on the day on which the
clocks are put forward. A series that counts from such a task goes on with the 31st, and with half
past two: where a month lacks the day, the start is an earlier occurrence that has it; where a day
lacks the time, the start is the wall time as it would be.
"""

from calendar import monthrange
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from taskflow.services.recurring_processor.model import Series
from taskflow.services.recurring_processor.moments import instant_in, parse_when, written_on_wall
from taskflow.tasks.recurrence import schedule_of
from taskflow.tasks.recurrence_days import matching_days
from taskflow.tasks.recurrence_rules import Rule, parse_rule, with_defaults
from taskflow.tasks.zones import YEARS, instant

# A year that has the 29th of February is at most eight years away.
_MOST_STEPS: Final = 12
_MONTHS: Final = {"MONTHLY": 1, "YEARLY": 12}


def unmoved(before: Series, after: Series, *, is_at_its_time: bool = True) -> Series:
    """A series that counts from a task on the day that it had, its start as the rule had it.

    Args:
        before: What the task was planned by.
        after: With another plan, its start where the task is planned.
        is_at_its_time: Whether nobody gave it another time on that day.
    """
    if before.recurrence is None or after.recurrence is None:
        return after
    start = after.schedule.start
    wall = _before_gap(before, after) if is_at_its_time else start
    day = _day_wanted(before, after)
    if day is not None:
        wall = _earlier(wall, day, parse_rule(after.recurrence.rule))
    if wall == start:
        return after
    if after.all_day:
        return replace(after, start_at=wall.date().isoformat())
    return replace(after, start_at=written_on_wall(wall, after.zone))


def is_same_day(series: Series, one: str, other: str) -> bool:
    """Whether two dates are on one day where the series is."""
    days = {schedule_of(series, parse_when(when)).start.date() for when in (one, other)}
    return len(days) == 1


def _before_gap(before: Series, after: Series) -> datetime:
    """The wall time of the start, or the one that a change of the clocks has moved there."""
    start, schedule = after.schedule.start, before.schedule
    rules = (schedule.recurrence.rule, after.schedule.recurrence.rule)
    is_hourly = any(parse_rule(rule).frequency == "HOURLY" for rule in rules)
    if before.all_day or before.timezone != after.timezone or is_hourly:
        return start
    time_of_day = schedule.start.time().replace(microsecond=0)
    for day in (start.date(), start.date() - timedelta(days=1)):
        wall = datetime.combine(day, time_of_day)
        if wall != start and instant(wall, before.zone) == instant_in(after.zone, start):
            return wall
    return start


def _day_wanted(before: Series, after: Series) -> int | None:
    """The day that the month of the start lacks, if the rule counts by the start's day."""
    schedule = before.schedule
    here = schedule_of(before, parse_when(after.start_at)).start
    rule = with_defaults(parse_rule(schedule.recurrence.rule), schedule.start)
    days = matching_days(rule, clamps=schedule.recurrence.month_end == "clamp")
    if schedule.start.day not in rule.month_days or days.reason(here.date()) is None:
        return None
    own = parse_rule(after.schedule.recurrence.rule)
    start = after.schedule.start
    if own.month_days or not with_defaults(own, start).month_days:
        return None
    # Another zone may have the same instant on the day before, or after.
    return schedule.start.day + (start.date() - here.date()).days


def _earlier(wall: datetime, day: int, rule: Rule) -> datetime:
    """The last time that the rule came to a month with this day; the same if it never did."""
    step = rule.interval * _MONTHS[rule.frequency]
    for number in range(_MOST_STEPS + 1):
        year, month = divmod(wall.year * 12 + wall.month - 1 - number * step, 12)
        if year not in YEARS:
            break
        if 1 <= day <= monthrange(year, month + 1)[1]:
            return wall.replace(year=year, month=month + 1, day=day)
    return wall
