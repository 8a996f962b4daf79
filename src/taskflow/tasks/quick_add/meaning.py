"""What days, times and reminders of a line mean at an instant in a zone. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Reminder
from taskflow.tasks.durations import parse_duration
from taskflow.tasks.phrases.dates import Anchor, day_of
from taskflow.tasks.phrases.parts import misread
from taskflow.tasks.quick_add.spans import Moment, Reminding
from taskflow.tasks.zones import instant, wall_time

_DAY: Final = timedelta(days=1)
# Days that come again, so that one which has just passed is not meant.
_RETURNING: Final = frozenset(("weekday", "year_day", "month_day"))


class Here(NamedTuple):
    """When and where a line is written."""

    now: datetime
    zone: ZoneInfo

    @property
    def wall(self) -> datetime:
        """What the clock on the wall shows."""
        return wall_time(self.now, self.zone)

    @property
    def today(self) -> date:
        """The day it is."""
        return self.wall.date()

    def at(self, day: date, clock: tuple[int, int]) -> datetime:
        """The instant of a wall time."""
        return instant(datetime.combine(day, time(*clock)), self.zone)


def due_at(moment: Moment, here: Here) -> datetime | date:
    """When something is due: an instant, or a day where no time is said.

    Raises:
        Invalid: there is no such day.
    """
    if moment.minutes:
        return in_minutes(moment.minutes, here)
    if moment.when is None:
        return next_clock(moment.clock or (0, 0), here)
    day = day_of(moment.when, Anchor(here.today, here.today), is_end=True)
    if moment.clock is None:
        return day
    due = here.at(day, moment.clock)
    if due <= here.now and moment.when.kind in _RETURNING and moment.when.year is None:
        tomorrow = here.today + _DAY
        due = here.at(day_of(moment.when, Anchor(here.today, tomorrow)), moment.clock)
    return due


def in_minutes(minutes: int, here: Here) -> datetime:
    """So many minutes from now, to the minute.

    Raises:
        Invalid: that is too far away.
    """
    try:
        return here.now.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(
            minutes=minutes
        )
    except OverflowError:
        raise misread("is too far away", 0) from None


def next_clock(clock: tuple[int, int], here: Here) -> datetime:
    """The next time that the clock shows this."""
    due = here.at(here.today, clock)
    return due if due > here.now else here.at(here.today + _DAY, clock)


def reminders_of(
    reminding: Reminding, due: datetime | date | None, here: Here, *, recurs: bool
) -> list[Reminder]:
    """The reminders that are meant.

    Raises:
        Invalid: it cannot be done: there is no due date to count from, it has passed already, or
            it would not come again with what recurs.
    """
    if reminding.moment is None:
        if due is None:
            raise misread("needs a due date", 0)
        for offset in reminding.offsets:
            _require_within_a_year(offset)
        return [Reminder(offset=offset) for offset in reminding.offsets]
    at = _moment(reminding.moment, due, here)
    if recurs:
        return [Reminder(offset=_before(at, reminding.moment, due))]
    if at <= here.now:
        raise misread("has passed already", 0)
    return [Reminder(at=at)]


def _require_within_a_year(offset: str) -> None:
    try:
        parse_duration(offset, "text")
    except Invalid:
        raise misread("may be at most a year before", 0) from None


def _moment(moment: Moment, due: datetime | date | None, here: Here) -> datetime:
    """A time alone is one of the day on which the task is due."""
    if due is not None and moment.when is None and moment.clock:
        day = wall_time(due, here.zone).date() if isinstance(due, datetime) else due
        return here.at(day, moment.clock)
    at = due_at(moment, here)
    if not isinstance(at, datetime):
        raise misread("says no time", 0)
    return at


def _before(at: datetime, moment: Moment, due: datetime | date | None) -> str:
    """How long before the due date a time of the same day is."""
    if moment.when is not None or moment.minutes or not isinstance(due, datetime) or at > due:
        raise Invalid.field("text", "does not come again with the task", 0)
    return f"PT{int((due - at).total_seconds()) // 60}M"
