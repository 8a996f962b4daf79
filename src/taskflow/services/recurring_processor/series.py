"""What a series does next: pure decisions on plain values."""

from datetime import UTC, date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from taskflow.events.payloads import Recurrence, TaskState
from taskflow.tasks.recurrence import (
    Occurrence,
    Schedule,
    next_after_completion,
    next_in_schedule,
)
from taskflow.tasks.zones import wall_time

State = Literal["open", "done", "gone"]


class Series(Struct, frozen=True):
    """A recurring task over time.

    Attributes:
        start_at: What its occurrences count from.
        made: How many instances there have been.
    """

    id: str
    recurrence: Recurrence
    start_at: datetime
    timezone: str
    all_day: bool
    is_active: bool
    made: int

    @property
    def schedule(self) -> Schedule:
        """When it occurs."""
        zone = ZoneInfo(self.timezone)
        start = wall_time(self.start_at, zone)
        return Schedule(self.recurrence, start, zone, self.all_day)


def state_of(task: TaskState, *, is_deletion: bool) -> State:
    """What has become of an instance."""
    if is_deletion or task.deleted_at is not None:
        return "gone"
    return "done" if task.status == "completed" else "open"


def due_at(task: TaskState) -> datetime:
    """When an instance is due, or where it has no due date, when it was created."""
    if task.due_date is None:
        return task.created_at
    if task.all_day:
        day = date.fromisoformat(task.due_date)
        return datetime.combine(day, time(), ZoneInfo(task.timezone)).astimezone(UTC)
    return datetime.fromisoformat(task.due_date)


def next_occurrence(
    series: Series, task: TaskState, now: datetime, after: datetime | None = None
) -> Occurrence | None:
    """What follows an instance that is done or gone; None when the series is over.

    Args:
        series: The series.
        task: The instance.
        now: A schedule's next instance lies after it.
        after: Where to look from instead of the instance's due date.
    """
    if series.recurrence.mode == "completion":
        done_at = task.completed_at or now
        return next_after_completion(series.schedule, done_at, series.made)
    return next_in_schedule(series.schedule, after or due_at(task), now)
