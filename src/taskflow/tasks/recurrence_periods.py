"""Walks a rule's periods, from years to hours, and gives the wall times in them. Pure.

Between two periods in which something is due the walk leaps, so that what is rare costs no more
than what is frequent. What it does is counted, and too much of it is refused: no rule runs for
ever.
"""

from collections.abc import Iterator
from datetime import date as Day  # noqa: N812 - as in its neighbour
from datetime import datetime, time, timedelta
from itertools import product
from typing import Final
from zoneinfo import ZoneInfo

from taskflow.base.errors import Invalid
from taskflow.tasks.recurrence_days import LAST_YEAR, MatchingDays
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


class Work:
    """Counts what an expansion costs."""

    def __init__(self) -> None:
        self.done = 0

    def add(self, cost: int) -> None:
        """Count it.

        Raises:
            Invalid: it has become too much.
        """
        self.done += cost
        if self.done > MOST_WORK:
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
        wall = product(sorted(rule.hours), sorted(rule.minutes), rule.seconds or (start.second,))
        self._times = [time(*parts) for parts in wall]

    def after(self, at: datetime | None) -> Iterator[datetime]:
        """The wall times, without most of those before an instant."""
        first = 0 if at is None else self._period_before(at)
        if self._rule.frequency == "HOURLY":
            return self._hours(first)
        return (local for local in self._periods(first) if local >= self._start)

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
        start = self._start.date()
        if self._rule.frequency == "YEARLY":
            return day.year - start.year
        if self._rule.frequency == "MONTHLY":
            return (day.year - start.year) * 12 + day.month - start.month
        if self._rule.frequency == "WEEKLY":
            return (day - self._first_day(0)).days // 7
        return (day - start).days

    def _first_day(self, index: int) -> Day:
        """The first day of a period.

        Raises:
            OverflowError: the calendar ends before it.
            ValueError: the same.
        """
        start = self._start.date()
        if self._rule.frequency == "YEARLY":
            return Day(start.year + index, 1, 1)
        if self._rule.frequency == "MONTHLY":
            months = start.year * 12 + start.month - 1 + index
            return Day(months // 12, months % 12 + 1, 1)
        if self._rule.frequency == "WEEKLY":
            back = (start.weekday() - self._rule.week_start) % 7
            return start + timedelta(days=index * 7 - back)
        return start + timedelta(days=index)

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

    def _allowed(self, index: int, first: Day) -> list[Day]:
        """The allowed days of a period, of which the first is known."""
        if self._rule.frequency == "DAILY":
            return [first]
        if self._rule.frequency == "WEEKLY":
            following = self._first_day(index + 1)
            return self._days.between(first, following - timedelta(days=1))
        self._work.add(1)
        months = range(first.month, first.month + 1 if self._rule.frequency == "MONTHLY" else 13)
        return self._days.in_months(first.year, months)

    def _moments(self, days: list[Day]) -> Iterator[datetime]:
        """The wall times on a period's days, or those of them at the positions that are wanted."""
        self._work.add(len(days) // 4)
        times, number = self._times, len(self._times)
        if not self._rule.positions:
            for day in days:
                self._work.add(number)
                yield from (datetime.combine(day, one) for one in times)
            return
        most = len(days) * number
        wanted = {place - 1 if place > 0 else most + place for place in self._rule.positions}
        for place in sorted(place for place in wanted if 0 <= place < most):
            self._work.add(1)
            yield datetime.combine(days[place // number], times[place % number])

    def _has_positions(self) -> bool:
        """Whether any period can be so full that one of the wanted positions is in it."""
        if not self._rule.positions:
            return True
        most = self._days.most(self._rule.frequency) * len(self._times)
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
                local = wall_time(begin + timedelta(hours=index), self._zone)
                self._work.add(_HOUR_WORK)
                day = self._days.from_day(local.date())
                if day is None or day.year > LAST_YEAR:
                    return
                if day != local.date():
                    leap = instant(datetime.combine(day, time()), self._zone) - begin
                    index = max(index + 1, -(-leap // timedelta(hours=1)))
                    index += -index % rule.interval
                    continue
                moment = self._in_hour(local)
                if moment is not None and (index > 0 or moment >= self._start):
                    yield moment
                index += self._hours_on(local)
        except (OverflowError, ValueError):
            return

    def _hours_on(self, local: datetime) -> int:
        """How far on the next hour is that may be due: a whole number of intervals."""
        rule = self._rule
        wait = min((hour - local.hour - 1) % 24 + 1 for hour in rule.hours or range(24))
        # The clocks may change meanwhile, by two hours at the most.
        return max((wait - 2) // rule.interval, 1) * rule.interval

    def _in_hour(self, local: datetime) -> datetime | None:
        """The moment of an hour at which the rule is due, if it is."""
        rule = self._rule
        if rule.hours and local.hour not in rule.hours:
            return None
        minute = rule.minutes[0] if rule.minutes else local.minute
        return local.replace(minute=minute, second=(rule.seconds or (local.second,))[0])
