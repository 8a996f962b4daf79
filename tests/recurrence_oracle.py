"""What a recurrence gives, by looking at every day and hour: slow, plain, and not our engine.

It is written from the table of RFC 5545 section 3.3.10 and shares nothing with `taskflow.tasks`.
Every day (of an hourly rule: every hour as it passes) is asked whether the rule allows it; the
answer's instants are found by trying the offsets that the zone has thereabouts.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, islice
from zoneinfo import ZoneInfo

WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class Oracle:
    """One rule.

    Args:
        rule: An RRULE without COUNT and UNTIL.
        start: The wall time that it counts from.
        zone: Whose wall.
        clamps: Whether a day that a month lacks becomes the month's last.
    """

    def __init__(self, rule: str, start: datetime, zone: ZoneInfo, *, clamps: bool) -> None:
        self.parts = dict(part.split("=") for part in rule.split(";"))
        self.start = start
        self.zone = zone
        self.clamps = clamps
        self.frequency = self.parts["FREQ"]
        self.interval = int(self.parts.get("INTERVAL", "1"))
        self._weeks_of: dict[int, list[date]] = {}
        self.first_weekday = WEEK.index(self.parts.get("WKST", "MO"))

    def instants(self, years: int, count: int | None = None) -> list[datetime]:
        """Everything that is due within some years of the start, each instant once.

        Of two wall times that fall on one instant `count` counts both.
        """
        found = self._by_hour(years) if self.frequency == "HOURLY" else self._by_day(years)
        found = islice(found, count)
        end = instant_of(self.start, self.zone) + years * 366 * DAY
        return sorted({at for at in found if at < end})

    def _by_day(self, years: int) -> Iterator[datetime]:
        # Periods are looked at whole, for the positions in them.
        first = self.start.date() - timedelta(days=370)
        days = (first + number * DAY for number in range(370 + 366 * (years + 1)))
        wanted = (day for day in days if self._period(day) >= 0 and self._is_allowed(day))
        times = [
            time(hour, minute, second)
            for hour in sorted(self._numbers("BYHOUR") or [self.start.hour])
            for minute in self._numbers("BYMINUTE") or [self.start.minute]
            for second in self._numbers("BYSECOND") or [self.start.second]
        ]
        for number, group in groupby(wanted, self._period):
            if number % self.interval:
                continue
            moments = [datetime.combine(day, one) for day in group for one in times]
            for moment in self._at_positions(moments):
                if moment >= self.start:
                    yield instant_of(moment, self.zone)

    def _by_hour(self, years: int) -> Iterator[datetime]:
        begin = instant_of(self.start, self.zone)
        for passed in range(0, years * 366 * 24, self.interval):
            at = begin + passed * HOUR
            local = at.astimezone(self.zone)
            is_hour = local.hour in (self._numbers("BYHOUR") or [local.hour])
            if not is_hour or not self._is_allowed(local.date()):
                continue
            for minute in self._numbers("BYMINUTE") or [local.minute]:
                moment = local.replace(minute=minute)
                in_set = self._at_positions([moment.replace(tzinfo=None)])
                if in_set and moment.astimezone(UTC) >= begin:
                    yield moment.astimezone(UTC)

    def _period(self, day: date) -> int:
        """How many years, months, weeks or days after the start's a day's lies."""
        start = self.start.date()
        if self.frequency == "YEARLY":
            return day.year - start.year
        if self.frequency == "MONTHLY":
            return 12 * (day.year - start.year) + (day.month - start.month)
        if self.frequency == "DAILY":
            return day.toordinal() - start.toordinal()
        while start.weekday() != self.first_weekday:
            start -= DAY
        return (day.toordinal() - start.toordinal()) // 7

    def _is_allowed(self, day: date) -> bool:
        """Whether every part, and what the start stands in for, allows a day."""
        parts, start = self.parts, self.start
        months = self._numbers("BYMONTH")
        if self.frequency == "YEARLY" and not any(
            name in parts for name in ("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY")
        ):
            months = [start.month]
        if months and day.month not in months:
            return False
        return (
            self._is_month_day(day)
            and self._is_weekday(day)
            and self._is_year_day(day)
            and self._is_in_week(day)
        )

    def _names_days(self) -> bool:
        return bool({"BYMONTHDAY", "BYDAY", "BYYEARDAY", "BYWEEKNO"} & set(self.parts))

    def _is_month_day(self, day: date) -> bool:
        wanted = self._numbers("BYMONTHDAY")
        if self.frequency in ("YEARLY", "MONTHLY") and not self._names_days():
            wanted = [self.start.day]
        if not wanted:
            return True
        length = monthrange(day.year, day.month)[1]
        real = {number if number > 0 else length + 1 + number for number in wanted}
        if self.clamps:
            real = {min(number, length) for number in real}
        return day.day in real

    def _is_weekday(self, day: date) -> bool:
        wanted = self.parts.get("BYDAY", "").split(",") if "BYDAY" in self.parts else []
        others = {"BYMONTHDAY", "BYYEARDAY"} & set(self.parts)
        if not wanted and not others and (self.frequency == "WEEKLY" or "BYWEEKNO" in self.parts):
            wanted = [WEEK[self.start.weekday()]]
        if not wanted:
            return True
        return any(self._is_nth(day, one[-2:], one[:-2]) for one in wanted)

    def _is_nth(self, day: date, name: str, ordinal: str) -> bool:
        if WEEK[day.weekday()] != name:
            return False
        if not ordinal:
            return True
        if self.frequency == "YEARLY" and "BYMONTH" not in self.parts:
            first, last = date(day.year, 1, 1), date(day.year, 12, 31)
        else:
            length = monthrange(day.year, day.month)[1]
            first, last = day.replace(day=1), day.replace(day=length)
        number, step = int(ordinal), 7 * DAY
        nearest = first if number > 0 else last
        while WEEK[nearest.weekday()] != name:
            nearest += DAY if number > 0 else -DAY
        return day == nearest + (number - 1 if number > 0 else number + 1) * step

    def _is_year_day(self, day: date) -> bool:
        wanted = self._numbers("BYYEARDAY")
        if not wanted:
            return True
        return day in {
            date(day.year, 1, 1) + (number - 1) * DAY
            if number > 0
            else date(day.year + 1, 1, 1) + number * DAY
            for number in wanted
        }

    def _is_in_week(self, day: date) -> bool:
        wanted = self._numbers("BYWEEKNO")
        if not wanted:
            return True
        for year in (day.year - 1, day.year, day.year + 1):
            weeks = self._weeks_of.setdefault(year, []) or self._weeks(year)
            self._weeks_of[year] = weeks
            for number in wanted:
                place = number - 1 if number > 0 else len(weeks) + number
                if 0 <= place < len(weeks) and 0 <= (day - weeks[place]).days < 7:
                    return True
        return False

    def _weeks(self, year: int) -> list[date]:
        """The first days of a year's weeks: those that have four days or more in it."""
        day = date(year, 1, 1) - 7 * DAY
        while day.weekday() != self.first_weekday:
            day += DAY
        weeks = [day + 7 * number * DAY for number in range(56)]
        return [one for one in weeks if sum((one + k * DAY).year == year for k in range(7)) >= 4]

    def _at_positions(self, moments: list[datetime]) -> list[datetime]:
        if "BYSETPOS" not in self.parts:
            return moments
        length = len(moments)
        wanted = {n - 1 if n > 0 else length + n for n in self._numbers("BYSETPOS")}
        return [moment for place, moment in enumerate(moments) if place in wanted]

    def _numbers(self, name: str) -> list[int]:
        return [int(text) for text in self.parts[name].split(",")] if name in self.parts else []


def instant_of(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which the wall shows a time; a gap is passed by its own length."""
    around = [local.replace(tzinfo=UTC) + number * HOUR for number in range(-30, 31)]
    offsets = {at.astimezone(zone).utcoffset() or timedelta() for at in around}
    tries = sorted(local.replace(tzinfo=UTC) - offset for offset in offsets)
    shown = [at for at in tries if at.astimezone(zone).replace(tzinfo=None) == local]
    return shown[0] if shown else local.replace(tzinfo=UTC) - min(offsets)
