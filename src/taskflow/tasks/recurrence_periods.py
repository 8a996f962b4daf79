"""The periods that a rule steps through, from its start on: years to hours. Pure."""

from calendar import monthrange
from datetime import MAXYEAR, datetime, time, timedelta
from datetime import date as Day  # noqa: N812 - as in its neighbour
from zoneinfo import ZoneInfo

from taskflow.tasks.recurrence_days import year_length
from taskflow.tasks.recurrence_rules import Rule
from taskflow.tasks.zones import instant, wall_time


def period(rule: Rule, start: datetime, zone: ZoneInfo, index: int) -> tuple[list[Day], list[time]]:
    """The days and hours of the rule's period number `index`; no days after the calendar's end."""
    steps = index * rule.interval
    times = [time(hour) for hour in sorted(rule.hours)]
    try:
        if rule.frequency == "HOURLY":
            moment = instant(start, zone) + timedelta(hours=steps)
            local = wall_time(moment, zone)
            hour = time(local.hour, fold=local.fold)
            return [local.date()], [hour] if not rule.hours or local.hour in rule.hours else []
        return _days(*_span(rule, start.date(), steps)), times
    except (OverflowError, ValueError):
        return [], []


def _span(rule: Rule, start: Day, steps: int) -> tuple[Day, int]:
    """The first day of a period, so many units after the start's, and its length in days."""
    if rule.frequency == "YEARLY":
        first = Day(start.year + steps, 1, 1)
        return first, year_length(first)
    if rule.frequency == "MONTHLY":
        months = start.year * 12 + start.month - 1 + steps
        first = Day(months // 12, months % 12 + 1, 1)
        return first, monthrange(first.year, first.month)[1]
    if rule.frequency == "WEEKLY":
        back = (start.weekday() - rule.week_start) % 7
        return start + timedelta(days=steps * 7 - back), 7
    return start + timedelta(days=steps), 1


def _days(first: Day, number: int) -> list[Day]:
    return [first + timedelta(days=offset) for offset in range(number)]


def period_before(rule: Rule, start: datetime, zone: ZoneInfo, after: datetime) -> int:
    """A period that ends before `after`, close to it, and not before the first."""
    local = wall_time(after, zone)
    if rule.frequency == "YEARLY":
        steps = local.year - start.year
    elif rule.frequency == "MONTHLY":
        steps = (local.year - start.year) * 12 + local.month - start.month
    elif rule.frequency == "HOURLY":
        steps = int((after - instant(start, zone)).total_seconds() // 3600)
    else:
        steps = (local.date() - start.date()).days // (7 if rule.frequency == "WEEKLY" else 1)
    return max(steps // rule.interval - 2, 0)


def one_interval_after(day: Day, rule: Rule) -> Day | None:
    """A day plus the rule's interval, in a short month its last; None past the calendar's end."""
    if rule.frequency == "DAILY":
        return day + timedelta(days=rule.interval)
    if rule.frequency == "WEEKLY":
        return day + timedelta(weeks=rule.interval)
    steps = rule.interval * (12 if rule.frequency == "YEARLY" else 1)
    months = day.year * 12 + day.month - 1 + steps
    year, month = months // 12, months % 12 + 1
    if year > MAXYEAR:
        return None
    return Day(year, month, min(day.day, monthrange(year, month)[1]))
