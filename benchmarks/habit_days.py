"""When people do what they do: regularly, by a rule, or without any. All is drawn at random."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import Final, NamedTuple

from taskflow.services.recurring_processor.detection.cadences import nth_of_month
from taskflow.tasks.recurrence_parts import WEEKDAYS

TODAY: Final = date(2026, 3, 2)
_WORKDAYS: Final = range(5)


class Plan(NamedTuple):
    """When something is due: its past, newest last, and what comes.

    Attributes:
        reach: By how many days people are early or late at most, where they are not exact.
        slack: So many days off is as good as right, where they are not exact.
    """

    past: list[date]
    coming: list[date]
    reach: int
    slack: int


def _days(random: Random, steps: int, every: int) -> tuple[list[date], list[date]]:
    """Every so many days, to the last due day before today."""
    last = TODAY - timedelta(days=random.randrange(every))
    past = [last - timedelta(days=every * step) for step in reversed(range(steps))]
    return past, [last + timedelta(days=every * step) for step in range(1, 4)]


def _daily(random: Random) -> Plan:
    return Plan(*_days(random, random.randint(21, 90), 1), 0, 0)


def _on_weekdays(random: Random, chosen: Sequence[int]) -> Plan:
    weeks = random.randint(8, 30)
    span = [TODAY + timedelta(days=day) for day in range(-7 * weeks, 14)]
    days = [day for day in span if day.weekday() in chosen]
    return Plan([one for one in days if one <= TODAY], [one for one in days if one > TODAY], 0, 0)


def _workdays(random: Random) -> Plan:
    return _on_weekdays(random, _WORKDAYS)


def _some_weekdays(random: Random) -> Plan:
    return _on_weekdays(random, random.sample(range(len(WEEKDAYS)), random.randint(2, 3)))


def _weekly(random: Random) -> Plan:
    return Plan(*_days(random, random.randint(8, 40), 7), 1, 1)


def _every_weeks(random: Random) -> Plan:
    return Plan(*_days(random, random.randint(9, 26), 7 * random.randint(2, 4)), 2, 3)


def _every_days(random: Random) -> Plan:
    every = random.choice([2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 18, 20, 25, 30])
    steps = random.randint(12, 40) + 60 // every // every
    # Only the next time can be told: each counts from the one before.
    past, coming = _days(random, steps, every)
    return Plan(past, coming[:1], every // 5, max(every // 3, 1))


def _monthly(random: Random, day_in: Callable[[int, int], date], slack: int) -> Plan:
    number = TODAY.year * 12 + TODAY.month - 1
    months = range(number - random.randint(10, 30), number + 4)
    days = [day_in(month // 12, month % 12 + 1) for month in months]
    past = [one for one in days if one <= TODAY]
    return Plan(past, [one for one in days if one > TODAY], 2, slack)


def _month_day(random: Random) -> Plan:
    number = random.randint(1, 30)
    return _monthly(
        random, lambda year, month: date(year, month, min(number, _length(year, month))), 3
    )


def _month_end(random: Random) -> Plan:
    return _monthly(random, lambda year, month: date(year, month, _length(year, month)), 3)


def _month_weekday(random: Random) -> Plan:
    ordinal, weekday = random.choice([1, 2, 3, 4, -1]), random.randrange(7)
    # By the day of the month it may be up to half a week off, which is where the two are alike.
    return _monthly(
        random, lambda *month: date.fromordinal(nth_of_month(month, ordinal, weekday)), 5
    )


def _yearly(random: Random) -> Plan:
    month, number = random.randint(1, 12), random.randint(1, 28)
    days = [date(year, month, number) for year in range(TODAY.year - 5, TODAY.year + 3)]
    return Plan(
        [one for one in days if one <= TODAY][-5:], [one for one in days if one > TODAY], 2, 4
    )


CADENCES: Final[dict[str, Callable[[Random], Plan]]] = {
    "daily": _daily,
    "workdays": _workdays,
    "weekly": _weekly,
    "on some weekdays": _some_weekdays,
    "every N weeks": _every_weeks,
    "every N days": _every_days,
    "monthly by day": _month_day,
    "monthly on the last day": _month_end,
    "monthly by weekday": _month_weekday,
    "yearly": _yearly,
}


def _now_and_then(random: Random) -> list[date]:
    rate, day, days = random.uniform(0.02, 0.5), 0.0, []
    for _ in range(random.randint(4, 60)):
        day += random.expovariate(rate)
        days.append(TODAY - timedelta(days=int(day)))
    return days


def _in_bursts(random: Random) -> list[date]:
    starts = [random.randint(0, 300) for _ in range(random.randint(2, 6))]
    lengths = [random.randint(2, 6) for _ in starts]
    return [
        TODAY - timedelta(days=start + day)
        for start, length in zip(starts, lengths, strict=True)
        for day in range(length)
    ]


def _on_some_workdays(random: Random) -> list[date]:
    rate = random.uniform(0.1, 0.5)
    span = [TODAY - timedelta(days=day) for day in range(random.randint(40, 250))]
    return [day for day in span if day.weekday() in _WORKDAYS and random.random() < rate]


def _irregular(random: Random) -> list[date]:
    """At intervals that lie around a mean, but far around."""
    mean, day, days = random.uniform(4, 40), 0.0, []
    for _ in range(random.randint(6, 25)):
        day += max(mean * random.lognormvariate(0, 0.8), 1)
        days.append(TODAY - timedelta(days=int(day)))
    return days


def _given_up(random: Random) -> list[date]:
    """A habit of long ago."""
    ended = TODAY - timedelta(days=random.randint(60, 300))
    every = random.choice([1, 7, 10])
    return [ended - timedelta(days=every * step) for step in range(random.randint(8, 20))]


NOISES: Final = (_now_and_then, _in_bursts, _on_some_workdays, _irregular, _given_up)


def _length(year: int, month: int) -> int:
    return (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
