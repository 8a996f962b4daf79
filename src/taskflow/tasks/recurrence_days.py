"""Which days a rule's BY parts allow (RFC 5545 section 3.3.10), under our month-end rule. Pure."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date as Day  # noqa: N812 - as in its neighbour
from datetime import timedelta
from functools import lru_cache

from taskflow.tasks.recurrence_rules import Rule


def matching_days(rule: Rule, days: list[Day], *, clamps: bool) -> Iterator[tuple[Day, str | None]]:
    """The days that the BY parts allow, each with what is not plain about it."""
    in_year = rule.frequency == "YEARLY" and not rule.months
    for day in days:
        if rule.months and day.month not in rule.months:
            continue
        if rule.days and not any(_is_weekday(day, one, in_year=in_year) for one in rule.days):
            continue
        if rule.year_days and not _counts(
            day.timetuple().tm_yday, year_length(day), rule.year_days
        ):
            continue
        if rule.week_numbers and not _counts(*_week(day, rule.week_start), rule.week_numbers):
            continue
        length = monthrange(day.year, day.month)[1]
        if not rule.month_days or _counts(day.day, length, rule.month_days):
            yield day, None
        elif clamps and day.day == length and any(number > length for number in rule.month_days):
            wanted = max(rule.month_days)
            yield day, f"there is no day {wanted} in this month; its last day is meant"


def _counts(number: int, length: int, wanted: tuple[int, ...]) -> bool:
    """Whether a number, counted from the beginning or from the end, is wanted."""
    return number in wanted or number - length - 1 in wanted


def _is_weekday(day: Day, wanted: tuple[int, int], *, in_year: bool) -> bool:
    weekday, ordinal = wanted
    if day.weekday() != weekday:
        return False
    if in_year:
        number, length = day.timetuple().tm_yday, year_length(day)
    else:
        number, length = day.day, monthrange(day.year, day.month)[1]
    return ordinal in (0, (number - 1) // 7 + 1, -((length - number) // 7 + 1))


def year_length(day: Day) -> int:
    """How many days the year of a day has."""
    return Day(day.year, 12, 31).timetuple().tm_yday


@lru_cache(maxsize=4096)
def _week(day: Day, week_start: int) -> tuple[int, int]:
    """The number of a day's week, and how many weeks its week-year has; week 1 has four days."""
    monday = day - timedelta(days=(day.weekday() - week_start) % 7)
    year = (monday + timedelta(days=3)).year
    first = _first_week(year, week_start)
    return (monday - first).days // 7 + 1, (_first_week(year + 1, week_start) - first).days // 7


def _first_week(year: int, week_start: int) -> Day:
    fourth = Day(year, 1, 4)
    return fourth - timedelta(days=(fourth.weekday() - week_start) % 7)
