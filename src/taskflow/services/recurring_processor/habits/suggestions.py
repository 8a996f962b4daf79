"""What is proposed to a person who has a habit: a series, with the reasons for it. Pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from statistics import median_low
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from taskflow.events.payloads import Priority, Recurrence
from taskflow.services.recurring_processor.moments import parse_when
from taskflow.services.recurring_processor.pattern_detector import Basis, Evidence, Habit, PastTask
from taskflow.tasks.model import due_text
from taskflow.tasks.recurrence import Occurrence, Schedule, occurrences
from taskflow.tasks.zones import instant, parse_zone, wall_time

# A time of day is typical when so many of all lie within so many minutes of it.
_TYPICAL: Final = 0.6
_NEAR_MINUTES: Final = 90
_STEP_MINUTES: Final = 15
_DAY_MINUTES: Final = 24 * 60
# Beyond it a chance is only said to be smaller.
_RAREST: Final = 1_000_000


class Suggestion(Struct, frozen=True):
    """A series that a person could have.

    Attributes:
        at: The time of day when it is usually done; None where there is none.
        anchor: The day that the rule counts from.
        evidence: The days that keep to the rule, rising.
        confidence: How sure it is that this is a habit (0 to 1).
        why: The reasons in a sentence or two.
    """

    title: str
    priority: Priority
    tags: tuple[str, ...]
    timezone: str
    recurrence: Recurrence
    basis: Basis
    at: time | None
    anchor: date
    evidence: tuple[Evidence, ...]
    due: int
    confidence: float
    why: str

    @property
    def zone(self) -> ZoneInfo:
        """Whose wall time it follows."""
        return parse_zone(self.timezone)

    def coming(self, now: datetime, limit: int = 1) -> list[Occurrence]:
        """When it is due next, after the last time; today, too, where it names no time."""
        start = datetime.combine(self.anchor, self.at or time())
        schedule = Schedule(self.recurrence, start, self.zone, self.at is None)
        return occurrences(schedule, after=self._after(now), limit=limit)

    def draft(self, now: datetime) -> dict[str, object]:
        """The task that begins the series, as a person would write it."""
        coming = self.coming(now)
        return {
            "title": self.title,
            "priority": self.priority,
            "tags": self.tags,
            "timezone": self.timezone,
            "all_day": self.at is None,
            "due_date": due_text(coming[0].at) if coming else None,
            "recurrence": {
                "rule": self.recurrence.rule,
                "mode": self.recurrence.mode,
                "month_end": self.recurrence.month_end,
            },
        }

    def _after(self, now: datetime) -> datetime:
        """What it is due next lies after: the present, and the last day that it was done for."""
        today = wall_time(now, self.zone).date()
        earliest = now if self.at is not None else self._end_of(today - timedelta(days=1))
        return max(earliest, self._end_of(max(self.anchor, self.evidence[-1].date)))

    def _end_of(self, day: date) -> datetime:
        midnight = instant(datetime.combine(day + timedelta(days=1), time()), self.zone)
        return midnight - timedelta(microseconds=1)


def suggestion_of(habit: Habit) -> Suggestion:
    """The series that a habit could be, in all else like the last task of it."""
    tasks = [task for task in habit.tasks if task.moment(habit.basis) is not None]
    last = max(tasks, key=lambda task: (task.moment(habit.basis) or task.created_at, task.id))
    return Suggestion(
        title=last.title,
        priority=last.priority,
        tags=last.tags,
        timezone=last.timezone,
        recurrence=habit.recurrence,
        basis=habit.basis,
        at=_usual_time(tasks, habit.basis),
        anchor=habit.anchor,
        evidence=habit.evidence,
        due=habit.due,
        confidence=round(habit.confidence, 4),
        why=_why(habit),
    )


def _usual_time(tasks: Sequence[PastTask], basis: Basis) -> time | None:
    """When it is usually due; where most were due at no time, when it is usually done."""
    due = [_minute(task, moment) for task in tasks if (moment := _due(task)) is not None]
    if 2 * len(due) >= len(tasks):
        return _usual(due)
    moments = [(task, task.moment(basis)) for task in tasks]
    return _usual([_minute(task, moment) for task, moment in moments if moment is not None])


def _due(task: PastTask) -> datetime | None:
    if task.due_date is None or task.all_day:
        return None
    when = parse_when(task.due_date)
    return when if isinstance(when, datetime) else None


def _minute(task: PastTask, moment: datetime) -> int:
    wall = wall_time(moment.astimezone(UTC), parse_zone(task.timezone))
    return wall.hour * 60 + wall.minute


def _usual(minutes: Sequence[int]) -> time | None:
    """The middle of the times of day that most are near to, on a quarter of an hour."""

    def near(middle: int) -> list[int]:
        away = [(minute - middle + 720) % _DAY_MINUTES - 720 for minute in minutes]
        return [one for one in away if abs(one) <= _NEAR_MINUTES]

    middle = max(sorted(set(minutes)), key=lambda one: len(near(one)))
    around = near(middle)
    if len(around) < _TYPICAL * len(minutes):
        return None
    minute = (middle + median_low(around)) % _DAY_MINUTES
    rounded = round(minute / _STEP_MINUTES) * _STEP_MINUTES % _DAY_MINUTES
    return time(rounded // 60, rounded % 60)


def _why(habit: Habit) -> str:
    """The reasons, in words."""
    first, kept = habit.evidence[0].date, len(habit.evidence)
    what = "Done" if habit.basis == "completed" else "Written down"
    parts = [f"{what} {kept} of the {habit.due} times that it was due since {_spoken(first)}"]
    if habit.tolerance:
        parts.append(f"at most {_days(habit.tolerance)} early or late")
    if habit.others:
        parts.append(f"and on {habit.others} other {'day' if habit.others == 1 else 'days'}")
    return f"{', '.join(parts)}. {_odds(habit.chance)}"


def _odds(chance: float) -> str:
    cases = min(int(1 / chance), _RAREST) if chance * _RAREST > 1 else _RAREST
    # Two digits say enough.
    shown = round(cases, 1 - len(str(cases)) + 1) if cases < _RAREST else _RAREST
    return f"Days drawn at random would look so regular less than once in {shown:,} cases."


def _spoken(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _days(number: int) -> str:
    return "a day" if number == 1 else f"{number} days"
