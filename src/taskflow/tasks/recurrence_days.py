"""Which days a rule's BY parts allow (RFC 5545 section 3.3.10), under our month-end rule. Pure.

A part that the RFC's table calls an expansion and one that it calls a limit come to the same for a
day: it is due when every part allows it. Years that begin on the same weekday and are as long have
the same days, so few of them have to be looked at, however far a rule is followed.
"""

from bisect import bisect_left, bisect_right
from calendar import isleap, monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date as Day  # noqa: N812 - as in its neighbour
from datetime import timedelta
from functools import lru_cache
from itertools import chain
from typing import Final, Protocol

from taskflow.tasks.recurrence_rules import Rule

LAST_YEAR: Final = 9_000
CYCLE: Final = 400
_MONTHS: Final = range(1, 13)
Months = tuple[tuple[int, ...], ...]
"""The days of the month that are allowed, for each month of a year."""
Dates = Sequence[tuple[int, int]]
"""Months and their days, rising."""


def _kinds() -> tuple[int, ...]:
    """For each year of the calendar's cycle one that has the same days and weeks."""
    first: dict[tuple[int, ...], int] = {}
    kinds = []
    for year in range(2000, 2000 + CYCLE):
        leaps = (isleap(one) for one in (year - 1, year, year + 1))
        kinds.append(first.setdefault((Day(year, 1, 1).weekday(), *leaps), year))
    return tuple(kinds)


_KINDS: Final = _kinds()


class Days(Protocol):
    """Days, rising."""

    def __len__(self) -> int: ...
    def __getitem__(self, place: int, /) -> Day: ...
    def __iter__(self) -> Iterator[Day]: ...


class _DaysOfYear:
    """Days of a year, each made when it is asked for."""

    def __init__(self, year: int, dates: Dates) -> None:
        self._year = year
        self._dates = dates

    def __len__(self) -> int:
        return len(self._dates)

    def __getitem__(self, place: int, /) -> Day:
        return Day(self._year, *self._dates[place])

    def __iter__(self) -> Iterator[Day]:
        return (Day(self._year, *date) for date in self._dates)


class MatchingDays:
    """The days that a rule allows.

    Args:
        rule: Its parts; where it names no day, the start's must have been filled in.
        clamps: Whether a day that a month lacks becomes the month's last.
    """

    def __init__(self, rule: Rule, *, clamps: bool) -> None:
        self._rule = rule
        self._clamps = clamps and bool(rule.month_days)
        self._years: dict[int, Months] = {}
        self._dates: dict[int, Dates] = {}
        self._lengths: frozenset[int] | None = None

    def of_year(self, year: int) -> Months:
        """The allowed days of each month."""
        kind = _KINDS[year % CYCLE]
        months = self._years.get(kind)
        if months is None:
            months = self._years[kind] = tuple(self._month(kind, month) for month in _MONTHS)
        return months

    def from_day(self, day: Day) -> Day | None:
        """The first allowed day on or after one; None when no year has any, or they end."""
        allowed = self.of_year(day.year)[day.month - 1]
        place = bisect_left(allowed, day.day)
        if place < len(allowed):
            return day if allowed[place] == day.day else Day(day.year, day.month, allowed[place])
        year, after = day.year, day.month
        for _ in range(CYCLE):
            months = self.of_year(year)
            for month in range(after, 12):
                if months[month]:
                    return Day(year, month + 1, months[month][0])
            year, after = year + 1, 0
            if year > LAST_YEAR:
                return None
        return None

    def between(self, first: Day, last: Day) -> list[Day]:
        """The allowed days from one to another, less than a month later, both included."""
        allowed = self.of_year(first.year)[first.month - 1]
        begin = bisect_left(allowed, first.day)
        if last.month == first.month:
            among = allowed[begin : bisect_right(allowed, last.day)]
            return [Day(first.year, first.month, day) for day in among]
        found = [Day(first.year, first.month, day) for day in allowed[begin:]]
        allowed = self.of_year(last.year)[last.month - 1]
        among = allowed[: bisect_right(allowed, last.day)]
        return found + [Day(last.year, last.month, day) for day in among]

    def in_months(self, year: int, months: Iterable[int]) -> list[Day]:
        """The allowed days of some months of a year."""
        allowed = self.of_year(year)
        return [Day(year, month, day) for month in months for day in allowed[month - 1]]

    def in_year(self, year: int) -> Days:
        """The allowed days of a year for whoever wants few: each is made when asked for."""
        return _DaysOfYear(year, self._dates_of(year))

    def number_between(self, first: Day, last: Day) -> int:
        """How many allowed days there are from one to before another."""
        whole = sum(len(self._dates_of(year)) for year in range(first.year, last.year))
        return whole + self._number_before(last) - self._number_before(first)

    def lengths(self) -> frozenset[int]:
        """How many allowed days periods of the rule have: every number that occurs."""
        if self._lengths is None:
            self._lengths = frozenset(self._found_lengths())
        return self._lengths

    def _found_lengths(self) -> Iterable[int]:
        rule = self._rule
        if rule.frequency in ("HOURLY", "DAILY"):
            is_every = not (rule.months or rule.month_days or rule.year_days or rule.days)
            return (1,) if is_every else (0, 1)
        if rule.frequency == "WEEKLY":
            most = len({weekday for weekday, _ in rule.days})
            return range(most + 1) if rule.months else (most,)
        years = [[len(month) for month in self.of_year(year)] for year in set(_KINDS)]
        return map(sum, years) if rule.frequency == "YEARLY" else chain(*years)

    def _dates_of(self, year: int) -> Dates:
        kind = _KINDS[year % CYCLE]
        dates = self._dates.get(kind)
        if dates is None:
            months = enumerate(self.of_year(kind), 1)
            dates = self._dates[kind] = [(month, day) for month, days in months for day in days]
        return dates

    def _number_before(self, day: Day) -> int:
        """How many allowed days its year has before a day."""
        return bisect_left(self._dates_of(day.year), (day.month, day.day))

    def reason(self, day: Day) -> str | None:
        """What is not plain about an allowed day."""
        if not self._clamps:
            return None
        length = monthrange(day.year, day.month)[1]
        if day.day != length or _counts(length, length, self._rule.month_days):
            return None
        return no_day(max(self._rule.month_days))

    def _month(self, year: int, month: int) -> tuple[int, ...]:
        rule, length = self._rule, monthrange(year, month)[1]
        if rule.months and month not in rule.months:
            return ()
        allowed = set(range(1, length + 1))
        if rule.month_days:
            allowed = {number for number in allowed if _counts(number, length, rule.month_days)}
            if self._clamps and any(number > length for number in rule.month_days):
                allowed.add(length)
        if rule.days:
            allowed &= set(_weekdays(rule, year, month, length))
        if rule.year_days or rule.week_numbers:
            allowed = {number for number in allowed if _is_placed(rule, Day(year, month, number))}
        return tuple(sorted(allowed))


def no_day(number: int) -> str:
    """What is not plain about the last day of a month that lacks a later one."""
    return f"there is no day {number} in this month; its last day is meant"


@lru_cache(maxsize=1024)
def matching_days(rule: Rule, *, clamps: bool) -> MatchingDays:
    """The days that a rule allows, with what was found out about them before."""
    return MatchingDays(rule, clamps=clamps)


def _weekdays(rule: Rule, year: int, month: int, length: int) -> Iterator[int]:
    """The days of a month that BYDAY allows."""
    in_year = rule.frequency == "YEARLY" and not rule.months
    first = Day(year, month, 1)
    before = (first - Day(year, 1, 1)).days if in_year else 0
    whole = 366 if in_year and isleap(year) else 365 if in_year else length
    for weekday, ordinal in rule.days:
        for day in range((weekday - first.weekday()) % 7 + 1, length + 1, 7):
            number = before + day
            if ordinal in (0, (number - 1) // 7 + 1, -((whole - number) // 7 + 1)):
                yield day


def _is_placed(rule: Rule, day: Day) -> bool:
    """Whether BYYEARDAY and BYWEEKNO allow a day."""
    if rule.year_days:
        number, length = day.timetuple().tm_yday, 366 if isleap(day.year) else 365
        if not _counts(number, length, rule.year_days):
            return False
    return not rule.week_numbers or _counts(*_week(day, rule.week_start), rule.week_numbers)


def _counts(number: int, length: int, wanted: tuple[int, ...]) -> bool:
    """Whether a number, counted from the beginning or from the end, is wanted."""
    return number in wanted or number - length - 1 in wanted


def _week(day: Day, week_start: int) -> tuple[int, int]:
    """The number of a day's week, and how many weeks its week-year has; week 1 has four days."""
    monday = day - timedelta(days=(day.weekday() - week_start) % 7)
    year = (monday + timedelta(days=3)).year
    first = _first_week(year, week_start)
    return (monday - first).days // 7 + 1, (_first_week(year + 1, week_start) - first).days // 7


def _first_week(year: int, week_start: int) -> Day:
    fourth = Day(year, 1, 4)
    return fourth - timedelta(days=(fourth.weekday() - week_start) % 7)
