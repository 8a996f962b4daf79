"""Walks a rule's periods, from years to hours, and gives the wall times in them. Pure.

Between two periods in which something is due the walk leaps, so that what is rare costs no more
than what is frequent. What it does is counted, and too much of it is refused: no rule runs for
ever.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date as Day  # noqa: N812 - as in its neighbour
from datetime import datetime, time, timedelta
from itertools import islice, product, takewhile
from typing import Final
from zoneinfo import ZoneInfo

from taskflow.base.errors import Invalid
from taskflow.tasks.recurrence_days import LAST_YEAR, Days, MatchingDays
from taskflow.tasks.recurrence_rules import Rule
from taskflow.tasks.zones import instant, wall_time

# What one expansion may cost, less than a tenth of a second: in microseconds, roughly.
MOST_WORK: Final = 64_000
TOO_LONG: Final = (
    "takes too long to follow so far: ask for fewer occurrences, or write a rule that occurs more "
    "often or ends sooner"
)
_PERIOD_WORK: Final = 4
_HOUR_WORK: Final = 5
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


class Work:
    """Counts what an expansion costs."""

    def __init__(self) -> None:
        self.done = 0

    @property
    def is_too_much(self) -> bool:
        """Whether it was refused."""
        return self.done > MOST_WORK

    def add(self, cost: int) -> None:
        """Count it.

        Raises:
            Invalid: it has become too much.
        """
        self.done += cost
        if self.is_too_much:
            raise Invalid.field("recurrence.rule", TOO_LONG, 0)


class Walk:
    """The wall times of a rule, rising, from its start on.

    Args:
        rule: Its parts, with those that the start fills in.
        days: The days that it allows.
        start: The wall time that it counts from, in whole seconds.
        zone: Whose wall; hours go by in it.
        work: Counts what it costs.
    """

    def __init__(
        self, rule: Rule, days: MatchingDays, start: datetime, zone: ZoneInfo, work: Work
    ) -> None:
        self._rule = rule
        self._days = days
        self._start = start
        self._zone = zone
        self._work = work
        self._day = start.toordinal()
        self._wanted: dict[int, Sequence[int]] = {}
        self._week = self._day - (start.weekday() - rule.week_start) % 7
        wall = product(sorted(rule.hours), sorted(rule.minutes), rule.seconds or (start.second,))
        self._times = [time(*parts) for parts in wall]

    def after(self, at: datetime | None, count: int | None) -> Iterator[datetime]:
        """The wall times, up to COUNT of them, without most of those before an instant."""
        first = 0 if at is None else self._period_before(at)
        passed = 0 if count is None else self._number_before(first)
        if passed is None:
            first, passed = 0, 0
        left = None if count is None else max(count - passed, 0)
        if self._rule.frequency == "HOURLY":
            return islice(self._hours(first), left)
        return islice((local for local in self._periods(first) if local >= self._start), left)

    def _number_before(self, index: int) -> int | None:
        """How many wall times lie before a period that is the rule's; None where only a walk tells.

        It is known where all periods have as many, and where every allowed day is due.
        """
        if index == 0:
            return 0
        rule, each = self._rule, self._number_in_each()
        if each is not None:
            return each * (index // rule.interval) - self._number_too_early()
        if rule.frequency == "HOURLY" or rule.interval > 1 or rule.positions:
            return None
        days = self._days.number_between(self._first_day(0), self._first_day(index))
        return days * len(self._times) - self._number_too_early()

    def _number_in_each(self) -> int | None:
        """How many wall times every period has; None where they differ in that."""
        lengths = self._days.lengths()
        if self._rule.frequency == "HOURLY":
            return 1 if lengths == {1} and not self._rule.hours else None
        numbers = {days * len(self._times) for days in lengths}
        if self._rule.positions:
            numbers = {len(self._places(number)) for number in numbers}
        return numbers.pop() if len(numbers) == 1 else None

    def _number_too_early(self) -> int:
        """How many wall times the start's period has before the start."""
        moments: Iterable[datetime] = ()
        if self._rule.frequency == "HOURLY":
            moments = self._in_day(wall_time(instant(self._start, self._zone), self._zone), 1)
        elif (day := self._days.from_day(self._first_day(0))) and self._index(day) == 0:
            moments = self._moments(self._allowed(0, day))
        return sum(1 for _ in takewhile(lambda local: local < self._start, moments))

    def _period_before(self, at: datetime) -> int:
        """A period of the rule that ends before an instant, close to it; 0 at the least."""
        interval = self._rule.interval
        if self._rule.frequency == "HOURLY":
            index = int((at - instant(self._start, self._zone)) / timedelta(hours=1))
        else:
            index = self._index(wall_time(at, self._zone).date() - timedelta(days=2))
        return max(index // interval - 1, 0) * interval

    def _index(self, day: Day) -> int:
        """How many periods after the start's a day lies."""
        start = self._start
        if self._rule.frequency == "YEARLY":
            return day.year - start.year
        if self._rule.frequency == "MONTHLY":
            return (day.year - start.year) * 12 + day.month - start.month
        if self._rule.frequency == "WEEKLY":
            return (day.toordinal() - self._week) // 7
        return day.toordinal() - self._day

    def _first_day(self, index: int) -> Day:
        """The first day of a period.

        Raises:
            OverflowError: the calendar ends before it.
            ValueError: the same.
        """
        start = self._start
        if self._rule.frequency == "YEARLY":
            return Day(start.year + index, 1, 1)
        if self._rule.frequency == "MONTHLY":
            months = start.year * 12 + start.month - 1 + index
            return Day(months // 12, months % 12 + 1, 1)
        if self._rule.frequency == "WEEKLY":
            return Day.fromordinal(self._week + index * 7)
        return Day.fromordinal(self._day + index)

    def _periods(self, index: int) -> Iterator[datetime]:
        """The wall times of periods of whole days, from one on that is the rule's."""
        interval = self._rule.interval
        if not self._has_positions() or self._misses_weekdays():
            return
        try:
            while (day := self._days.from_day(self._first_day(index))) is not None:
                if day.year > LAST_YEAR:
                    return
                self._work.add(_PERIOD_WORK)
                index = self._index(day)
                if index % interval == 0:
                    yield from self._moments(self._allowed(index, day))
                    index += 1
                index += -index % interval
        except (OverflowError, ValueError):
            return

    def _allowed(self, index: int, first: Day) -> Days:
        """The allowed days of a period, of which the first is known."""
        if self._rule.frequency == "DAILY":
            return [first]
        if self._rule.frequency == "WEEKLY":
            return self._days.between(first, Day.fromordinal(self._week + index * 7 + 6))
        self._work.add(1)
        if self._rule.frequency == "YEARLY" and self._rule.positions:
            return self._days.in_year(first.year)
        months = range(first.month, first.month + 1 if self._rule.frequency == "MONTHLY" else 13)
        return self._days.in_months(first.year, months)

    def _moments(self, days: Days) -> Iterable[datetime]:
        """The wall times on a period's days, or those of them at the positions that are wanted."""
        self._work.add(len(days) // 4)
        times, number = self._times, len(self._times)
        if not self._rule.positions:
            return self._every_moment(days)
        places = self._places(len(days) * number)
        self._work.add(len(places))
        return [datetime.combine(days[one // number], times[one % number]) for one in places]

    def _every_moment(self, days: Days) -> Iterator[datetime]:
        for day in days:
            self._work.add(len(self._times))
            for one in self._times:
                yield datetime.combine(day, one)

    def _places(self, most: int) -> Sequence[int]:
        """Which of so many moments are at the positions that are wanted, rising."""
        places = self._wanted.get(most)
        if places is None:
            wanted = {place - 1 if place > 0 else most + place for place in self._rule.positions}
            places = self._wanted[most] = sorted(one for one in wanted if 0 <= one < most)
        return places

    def _has_positions(self) -> bool:
        """Whether any period can be so full that one of the wanted positions is in it."""
        if not self._rule.positions:
            return True
        most = max(self._days.lengths()) * len(self._times)
        return any(abs(place) <= most for place in self._rule.positions)

    def _misses_weekdays(self) -> bool:
        """Whether it always falls on the same weekday, which is not one of those that it names."""
        is_same = self._rule.frequency == "DAILY" and self._rule.interval % 7 == 0
        weekdays = {weekday for weekday, _ in self._rule.days}
        return is_same and bool(weekdays) and self._start.weekday() not in weekdays

    def _hours(self, index: int) -> Iterator[datetime]:
        """The wall times of a rule that goes by hours as they pass, whatever the clocks do."""
        rule, begin = self._rule, instant(self._start, self._zone)
        if rule.positions and not {1, -1} & set(rule.positions):
            return
        try:
            while True:
                at = begin + index * _HOUR
                local = wall_time(at, self._zone)
                self._work.add(_HOUR_WORK)
                today = local.date()
                day = self._days.from_day(today)
                if day is None or day.year > LAST_YEAR:
                    return
                if day != today:
                    leap = instant(datetime.combine(day, time()), self._zone) - begin
                    index = max(index + 1, -(-leap // _HOUR))
                    index += -index % rule.interval
                    continue
                steps = self._steps(local, at)
                for moment in self._in_day(local, steps):
                    if index > 0 or moment >= self._start:
                        yield moment
                index += steps * rule.interval
        except (OverflowError, ValueError):
            return

    def _steps(self, local: datetime, at: datetime) -> int:
        """How many intervals from a wall time on begin on its day: one where the clocks change."""
        left, interval = 24 - local.hour, self._rule.interval
        if left <= interval:
            return 1
        midnight = datetime.combine(local.date() + _DAY, time())
        is_plain = instant(midnight, self._zone) - at == midnight - local
        return -(-left // interval) if is_plain else 1

    def _in_day(self, local: datetime, steps: int) -> list[datetime]:
        """The moments at which the rule is due, of so many intervals from a wall time on."""
        hours, interval = self._rule.hours, self._rule.interval
        due = range(local.hour, local.hour + steps * interval, interval)
        found = [hour for hour in due if not hours or hour in hours]
        if not found:
            return []
        self._work.add(len(found) - 1)
        minute = self._rule.minutes[0] if self._rule.minutes else local.minute
        second = self._rule.seconds[0] if self._rule.seconds else local.second
        # Of an hour that comes twice it may be the second.
        times = [time(hour, minute, second, fold=local.fold) for hour in found]
        return [datetime.combine(local.date(), one) for one in times]
