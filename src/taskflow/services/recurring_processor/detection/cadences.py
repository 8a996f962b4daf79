"""The rules that a habit may follow, and when each would have been due. Pure.

A day is its ordinal in the calendar (`date.toordinal`), so that days can be counted with. From the
days on which something was done each family of rules proposes the few that could be meant: a
weekday is the one most often met, an interval the usual gap. A proposal knows its share, the part
of all belief that it gets before anything is known. The shares of all that could be proposed, not
only of what was, add up to less than one: who tries many rules has to see more in each.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from math import ceil, comb
from statistics import median_low
from typing import Final, NamedTuple

from taskflow.events.payloads import Recurrence
from taskflow.tasks.recurrence_parts import WEEKDAYS

Days = Sequence[int]
"""Ordinals, rising, each once."""

_WEEK: Final = 7
_WORKDAYS: Final = (0, 1, 2, 3, 4)
_LONGEST_WEEKS: Final = 4
_WEEKLY: Final = range(_WEEK, _WEEK * _LONGEST_WEEKS + 1, _WEEK)
_LONGEST_DAYS: Final = 60
_MONTH: Final = 30.44
_YEAR: Final = 365.25
_LAST: Final = -1
_FEBRUARY: Final = 28
# A weekday belongs to a rule of several when it is met at least half as often as the commonest.
_OFTEN: Final = 0.5

# A rule of which less is kept, or to which fewer of the days belong, is none.
LEAST_KEPT: Final = 0.7
LEAST_PURE: Final = 0.75

DAILY_SHARE: Final = 0.2
WORKDAYS_SHARE: Final = 0.12
WEEKLY_SHARE: Final = 0.16
WEEKDAYS_SHARE: Final = 0.1
WEEKS_SHARE: Final = 0.1
DAYS_SHARE: Final = 0.12
MONTH_DAY_SHARE: Final = 0.08
MONTH_WEEKDAY_SHARE: Final = 0.08
YEARLY_SHARE: Final = 0.04
_ALL_INTERVALS: Final = sum(1 / days for days in range(2, _LONGEST_DAYS + 1))


class Cadence(NamedTuple):
    """A rule, and when it was due around the days that it was proposed for.

    Attributes:
        slots: The days on which it was due, rising, from before the first day to after the last.
        tolerance: So many days early or late count as kept.
        share: Its part of all belief.
        period: Days from one due day to the next, on average.
        fewest: So many kept due days are the least that may tell of it.
    """

    recurrence: Recurrence
    slots: Days
    tolerance: int
    share: float
    period: float
    fewest: int = 4


def cadences(days: Days) -> Iterator[Cadence]:
    """The rules that these days could keep to well enough."""
    least = _least_period(days)
    for family in _FAMILIES:
        yield from family(days, least)


def _least_period(days: Days) -> float:
    """A rule that is due more often than this is not kept often enough, whichever days keep to it.

    These are `LEAST_PURE` of all at least, and so lie at least as wide as the densest such part.
    """
    fewest = ceil(LEAST_PURE * len(days))
    starts = range(len(days) - fewest + 1)
    narrowest = min(days[start + fewest - 1] - days[start] for start in starts)
    return narrowest / (len(days) / LEAST_KEPT + 1)


def _daily(days: Days, least: float) -> Iterator[Cadence]:
    if least > 1:
        return
    slots = range(days[0], days[-1] + 1)
    yield Cadence(Recurrence("FREQ=DAILY"), slots, 0, DAILY_SHARE, 1.0, fewest=10)


def _weekdays(days: Days, least: float) -> Iterator[Cadence]:
    """On several days of each week."""
    counts = Counter(map(_weekday, days))
    most = max(counts.values())
    chosen = tuple(sorted(day for day, count in counts.items() if count >= _OFTEN * most))
    if not 1 < len(chosen) < _WEEK or least > _WEEK / len(chosen):
        return
    share = WEEKDAYS_SHARE / 5 / comb(_WEEK, len(chosen))
    if chosen == _WORKDAYS:
        share = WORKDAYS_SHARE
    slots = [day for day in range(days[0], days[-1] + 1) if _weekday(day) in chosen]
    rule = "FREQ=WEEKLY;BYDAY=" + ",".join(WEEKDAYS[day] for day in chosen)
    yield Cadence(Recurrence(rule), slots, 0, share, _WEEK / len(chosen), fewest=2 * len(chosen))


def _weeks(days: Days, least: float) -> Iterator[Cadence]:
    """On a day of every week, or of every second, third or fourth."""
    for weeks in range(1, _LONGEST_WEEKS + 1):
        every = weeks * _WEEK
        if every < least:
            continue
        share = WEEKLY_SHARE if weeks == 1 else WEEKS_SHARE / (_LONGEST_WEEKS - 1)
        for tolerance in (0, 1 if weeks == 1 else 2):
            phase = _phase(days, every, tolerance)
            before = days[0] - every
            slots = range(before + (phase - before) % every, days[-1] + every, every)
            interval = f";INTERVAL={weeks}" if weeks > 1 else ""
            rule = f"FREQ=WEEKLY{interval};BYDAY={WEEKDAYS[_weekday(slots[0])]}"
            yield Cadence(Recurrence(rule), slots, tolerance, share / 2, every)


def _days(days: Days, least: float) -> Iterator[Cadence]:
    """So many days after the last time, early or late by a little."""
    gaps = [later - earlier for earlier, later in pairwise(days)]
    for every in sorted({median_low(gaps), Counter(gaps).most_common(1)[0][0]}) if gaps else ():
        if not max(2, least) <= every <= _LONGEST_DAYS:
            continue
        for tolerance in sorted({0, min(every // 5, 6), min(every // 3, 6)}):
            if tolerance == 0 and every in _WEEKLY:
                continue  # It is a weekday's.
            share = DAYS_SHARE / every / _ALL_INTERVALS / 3
            slots = _drifting(days, every, tolerance)
            yield Cadence(_interval(every, is_loose=tolerance > 0), slots, tolerance, share, every)


def _interval(every: int, *, is_loose: bool) -> Recurrence:
    is_weeks = every % _WEEK == 0
    number = every // _WEEK if is_weeks else every
    rule = f"FREQ={'WEEKLY' if is_weeks else 'DAILY'}" + (f";INTERVAL={number}" * (number > 1))
    return Recurrence(rule, "completion" if is_loose else "schedule")


def _drifting(days: Days, every: int, tolerance: int) -> list[int]:
    """Due days, each counted from the last time; from the due day where it was missed."""
    slots, index = [days[0]], 0
    while slots[-1] < days[-1]:
        due = slots[-1] + every
        while index < len(days) and days[index] < due - tolerance:
            index += 1
        near = days[index] if index < len(days) and days[index] <= due + tolerance else None
        slots.append(due if near is None else near)
    return slots


def _month_days(days: Days, least: float) -> Iterator[Cadence]:
    """On a day of each month; its last day in a shorter one."""
    if _are_denser(days, _MONTH) or least > _MONTH:
        return
    dates = [date.fromordinal(day) for day in days]
    numbers = Counter(one.day for one in dates)
    is_last = all(date.fromordinal(day + 1).day == 1 for day in days)
    candidates = {_LAST} if is_last else {number for number, _ in numbers.most_common(2)}
    for tolerance in (0, 1, 3):
        for number in sorted(candidates | {_usual(dates)}):
            slots = [_in_month(month, number) for month in _months(days)]
            is_clamped = number > _FEBRUARY
            rule = Recurrence(
                f"FREQ=MONTHLY;BYMONTHDAY={number}", month_end="clamp" if is_clamped else "skip"
            )
            yield Cadence(rule, slots, tolerance, MONTH_DAY_SHARE / 9, _MONTH)


def _usual(dates: Iterable[date]) -> int:
    """The day of the month in whose middle they lie, round the turn of the month."""
    numbers = sorted(one.day for one in dates)
    turns = [sorted((day - first) % 31 for day in numbers) for first in numbers]
    widths = [(turn[-1], first) for turn, first in zip(turns, numbers, strict=True)]
    _, first = min(widths)
    middle = median_low(sorted((day - first) % 31 for day in numbers))
    return (first + middle - 1) % 31 + 1


def _month_weekdays(days: Days, least: float) -> Iterator[Cadence]:
    """On the first, second, … or last such weekday of each month."""
    if _are_denser(days, _MONTH) or least > _MONTH:
        return
    dates = [date.fromordinal(day) for day in days]
    places = Counter((_ordinal(one), one.weekday()) for one in dates)
    lasts = Counter((_LAST, one.weekday()) for one in dates if _is_last(one))
    for counted in (places, lasts):
        if not counted:
            continue
        (ordinal, weekday), _ = min(counted.items(), key=lambda item: (-item[1], item[0]))
        if ordinal > _LONGEST_WEEKS:
            continue
        slots = [nth_of_month(month, ordinal, weekday) for month in _months(days)]
        rule = Recurrence(f"FREQ=MONTHLY;BYDAY={ordinal}{WEEKDAYS[weekday]}")
        for tolerance in (0, 2):
            yield Cadence(rule, slots, tolerance, MONTH_WEEKDAY_SHARE / 4, _MONTH)


def _years(days: Days, least: float) -> Iterator[Cadence]:
    """On a day of each year, early or late by a week or so."""
    if _are_denser(days, _YEAR) or least > _YEAR:
        return
    dates = [date.fromordinal(day) for day in days]
    for tolerance in (0, 2, 10):
        for one in dates[-2:]:
            month, number = one.month, 28 if (one.month, one.day) == (2, 29) else one.day
            slots = [
                date(year, month, number).toordinal()
                for year in range(dates[0].year - 1, dates[-1].year + 2)
            ]
            rule = Recurrence(f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={number}")
            yield Cadence(rule, slots, tolerance, YEARLY_SHARE / 6, _YEAR)


_FAMILIES: Final[tuple[Callable[[Days, float], Iterator[Cadence]], ...]] = (
    _daily, _weekdays, _weeks, _days, _month_days, _month_weekdays, _years,
)  # fmt: skip


def _are_denser(days: Days, period: float) -> bool:
    """Whether there are so many of them that most could not keep to a rule of this period."""
    return len(days) - 1 > 2 * (days[-1] - days[0]) / period


def _phase(days: Days, every: int, tolerance: int) -> int:
    """Where in the interval most days lie, and then the nearest to all."""
    residues = Counter(day % every for day in days)

    def merit(phase: int) -> tuple[int, int, int]:
        away = {one: min((one - phase) % every, (phase - one) % every) for one in residues}
        near = sum(count for one, count in residues.items() if away[one] <= tolerance)
        # Told from the last day, so that the same days in other weeks have the same phase.
        distance = sum(count * away[one] for one, count in residues.items())
        return near, -distance, -((days[-1] - phase) % every)

    return max(residues, key=merit)


def _months(days: Days) -> list[tuple[int, int]]:
    """Year and month of all months from before the first day to after the last."""
    first, last = date.fromordinal(days[0]), date.fromordinal(days[-1])
    numbers = range(first.year * 12 + first.month - 2, last.year * 12 + last.month + 1)
    return [(number // 12, number % 12 + 1) for number in numbers]


def _in_month(month: tuple[int, int], number: int) -> int:
    length = _length(month)
    return date(*month, length if number == _LAST else min(number, length)).toordinal()


def nth_of_month(month: tuple[int, int], ordinal: int, weekday: int) -> int:
    """The nth such weekday of a year and month; with -1 its last."""
    if ordinal == _LAST:
        end = date(*month, _length(month)).toordinal()
        return end - (_weekday(end) - weekday) % _WEEK
    first = date(*month, 1).toordinal()
    return first + (weekday - _weekday(first)) % _WEEK + _WEEK * (ordinal - 1)


def _length(month: tuple[int, int]) -> int:
    year, number = month
    following = date(year + number // 12, number % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1).day


def _ordinal(day: date) -> int:
    return (day.day - 1) // _WEEK + 1


def _is_last(day: date) -> bool:
    return day.day + _WEEK > _length((day.year, day.month))


def _weekday(day: int) -> int:
    return (day - 1) % _WEEK
