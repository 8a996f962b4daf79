"""A task, and what may be done with it. Pure: time comes in as an argument."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from taskflow.base.clock import rfc3339
from taskflow.events import payloads
from taskflow.events.payloads import (
    ActorType,
    Change,
    EventType,
    Priority,
    Recurrence,
    Reminder,
    Status,
    TaskEvent,
    TaskState,
)
from taskflow.tasks.zones import instant, parse_zone, wall_time


class Actor(Struct, frozen=True):
    """Who acts, on whose tasks, and why.

    Attributes:
        user_id: Whose tasks.
        type: What kind of actor it is.
        id: The person's, token's or service's id.
        name: What people call it.
        correlation_id: The request that began it.
        causation_id: The event that led to it, if one did.
        traceparent: The W3C trace context to carry on.
        touches: Whether what they do is meant for the task itself, not for all of its series.
    """

    user_id: UUID
    type: ActorType
    id: str
    name: str
    correlation_id: str
    causation_id: UUID | None = None
    traceparent: str | None = None
    touches: bool = True


class Fields(Struct, frozen=True):
    """What a person may write of a task.

    Attributes:
        due: An instant, or with `all_day` a plain date.
        timezone: The zone of the due date's wall time and of the recurrence.
        floating: Whether that zone is its owner's, and goes where they go.
        due_wall: The wall time of a floating task whose zone leaves it out on that day: `due` is
            later there, and on time again where its owner goes next.
    """

    title: str
    description: str
    priority: Priority
    tags: tuple[str, ...]
    due: datetime | date | None
    all_day: bool
    timezone: str
    recurrence: Recurrence | None
    reminders: tuple[Reminder, ...]
    floating: bool
    due_wall: datetime | None = None


WRITABLE: Final = Fields.__struct_fields__


class Task(Fields, frozen=True, kw_only=True):
    """A task as it is kept.

    Attributes:
        planned: The due date that its series counts on (RECURRENCE-ID of RFC 5545), in the form of
            `due`; another `due` was moved by hand.
        planned_wall: What `due_wall` is of `due`, of `planned`.
        is_touched: Whether anybody has written it who meant this task.
    """

    id: UUID
    user_id: UUID
    status: Status
    series_id: UUID | None
    occurrence_date: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    deleted_at: datetime | None
    planned: datetime | date | None = None
    planned_wall: datetime | None = None
    is_touched: bool = True

    @property
    def is_deleted(self) -> bool:
        """Whether it is in the trash."""
        return self.deleted_at is not None

    @property
    def is_open(self) -> bool:
        """Whether it waits to be done."""
        return self.status == "pending" and not self.is_deleted

    @property
    def due_at(self) -> datetime | None:
        """The due date as an instant; of an all-day task, when the day begins in its zone."""
        return self._instant(self.due)

    @property
    def planned_at(self) -> datetime | None:
        """The planned due date as an instant."""
        return self._instant(self.planned)

    def _instant(self, when: datetime | date | None) -> datetime | None:
        if when is None or isinstance(when, datetime):
            return when
        return datetime.combine(when, time(), parse_zone(self.timezone)).astimezone(UTC)

    def with_fields(self, fields: Fields, *, moves_series: bool = False) -> "Task":
        """The same task with other writable fields.

        A due date that is changed by itself moves this task alone, unless `moves_series`; with
        another recurrence, zone or form it is what the series counts from.
        """
        after = replace(self, **{name: getattr(fields, name) for name in WRITABLE})
        # One that was written before planned dates were kept has none, and was due as planned.
        known = self.due if self.planned is None and self.recurrence else self.planned
        is_anew = moves_series or known is None or _plan(self) != _plan(after)
        planned = after.due if is_anew else known
        after = replace(after, planned=None if after.recurrence is None else planned)
        return _on_wall_of(self, after)

    def moved_to(self, timezone: str) -> "Task":
        """The task in another zone, at the same wall time, or later where that is left out."""
        before, zone = parse_zone(self.timezone), parse_zone(timezone)

        def moved(
            when: datetime | date | None, wall: datetime | None
        ) -> tuple[datetime | date | None, datetime | None]:
            if not isinstance(when, datetime):
                return when, None
            local = wall or wall_time(when, before)
            at = instant(local, zone)
            return at, None if wall_time(at, zone) == local else local

        due, due_wall = moved(self.due, self.due_wall)
        planned, planned_wall = moved(self.planned, self.planned_wall)
        walls = {"due_wall": due_wall, "planned_wall": planned_wall}
        return replace(self, timezone=timezone, due=due, planned=planned, **walls)

    def due_on_wall(self, wall: datetime | None) -> "Task":
        """The task, due at this wall time wherever its owner goes; it is later here if it must."""
        if not self.floating or not isinstance(self.due, datetime):
            return self
        if wall is None or wall_time(self.due, parse_zone(self.timezone)) == wall:
            return self
        return replace(self, due_wall=wall, planned_wall=wall)

    def completed(self, at: datetime) -> "Task":
        """The task, done at an instant."""
        return replace(self, status="completed", completed_at=at)

    def reopened(self) -> "Task":
        """The task, open again."""
        return replace(self, status="pending", completed_at=None)

    def deleted(self, at: datetime) -> "Task":
        """The task, in the trash."""
        return replace(self, deleted_at=at)

    def restored(self) -> "Task":
        """The task, out of the trash."""
        return replace(self, deleted_at=None)

    def next_version(self, now: datetime) -> "Task":
        """The task as the next write leaves it."""
        return replace(self, version=self.version + 1, updated_at=now)

    def state(self) -> TaskState:
        """The task as everybody outside sees it."""
        return TaskState(
            id=self.id,
            user_id=self.user_id,
            title=self.title,
            description=self.description,
            status=self.status,
            priority=self.priority,
            tags=self.tags,
            due_date=due_text(self.due),
            all_day=self.all_day,
            timezone=self.timezone,
            recurrence=self.recurrence,
            reminders=self.reminders,
            series_id=self.series_id,
            occurrence_date=self.occurrence_date,
            version=self.version,
            created_at=self.created_at,
            updated_at=self.updated_at,
            completed_at=self.completed_at,
            deleted_at=self.deleted_at,
            planned_date=due_text(self.planned),
            floating=self.floating,
        )


def new_task(fields: Fields, task_id: UUID, user_id: UUID, now: datetime) -> Task:
    """A task at its first version."""
    return Task(
        **{name: getattr(fields, name) for name in WRITABLE},
        id=task_id,
        user_id=user_id,
        status="pending",
        series_id=None,
        occurrence_date=None,
        version=1,
        created_at=now,
        updated_at=now,
        completed_at=None,
        deleted_at=None,
        planned=None if fields.recurrence is None else fields.due,
        planned_wall=None if fields.recurrence is None else fields.due_wall,
    )


def event_of(
    actor: Actor,
    event_type: EventType,
    task: Task,
    differences: dict[str, Change],
    event_id: UUID,
) -> TaskEvent:
    """The event that tells of a task as its last write left it."""
    return TaskEvent(
        event_id=event_id,
        event_type=event_type,
        task_id=task.id,
        user_id=task.user_id,
        actor=payloads.Actor(actor.type, actor.id, actor.name),
        version=task.version,
        timestamp=task.updated_at,
        correlation_id=actor.correlation_id,
        causation_id=actor.causation_id,
        task=task.state(),
        changes=differences,
    )


def _on_wall_of(before: Task, after: Task) -> Task:
    """A task with the wall times that it had, but for those of other dates or of another wall.

    A series that begins counts from the instant, but where its rule has a time of its own.
    """
    begins = before.recurrence is None and after.recurrence is not None
    stays = after.floating and after.timezone == before.timezone and not begins
    walls = {before.planned: before.planned_wall, before.due: before.due_wall} if stays else {}
    if after.due_wall and after.floating:
        at = instant(after.due_wall, parse_zone(after.timezone))
        walls |= {after.due: after.due_wall} if at == after.due else {}
    return replace(after, due_wall=walls.get(after.due), planned_wall=walls.get(after.planned))


def _plan(fields: Fields) -> tuple[Recurrence | None, str, bool, bool]:
    return fields.recurrence, fields.timezone, fields.all_day, fields.floating


_UNSEEN: Final = frozenset({"id", "user_id", "version", "created_at", "updated_at"})


def changes(before: Task, after: Task) -> dict[str, Change]:
    """What differs, in the fields that a person can see, as they stand in JSON."""
    old, new = _visible(before), _visible(after)
    return {name: Change(old[name], new[name]) for name in old if old[name] != new[name]}


def due_text(due: datetime | date | None) -> str | None:
    """A due date as it stands in JSON."""
    if due is None:
        return None
    return rfc3339(due) if isinstance(due, datetime) else due.isoformat()


def _visible(task: Task) -> Mapping[str, Any]:
    state: dict[str, Any] = msgspec.to_builtins(task.state())
    return {name: value for name, value in state.items() if name not in _UNSEEN}


def due_from(at: object) -> datetime | date | None:
    """A due date out of an occurrence's instant or date."""
    if isinstance(at, datetime):
        return at.astimezone(UTC)
    return at if isinstance(at, date) else None
