"""Examples of every event: the story of a task that recurs, and of one that does not. Pure.

The same instants and ids each time, so that the files made of them stay the same.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from taskflow.base.ids import derived_id
from taskflow.events.envelope import Envelope, wrap
from taskflow.events.payloads import (
    Actor,
    Change,
    EventType,
    Recurrence,
    Reminder,
    ReminderFacts,
    TaskEvent,
    TaskState,
)

_NAMESPACE: Final = UUID("019b7f2e-0000-7000-8000-000000000000")
_TRACEPARENT: Final = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_MONDAY: Final = datetime(2026, 1, 5, 8, 30, 0, 125_000, UTC)
_DUE: Final = datetime(2026, 1, 12, 8, 0, tzinfo=UTC)


def _id(name: str, at: datetime = _MONDAY) -> UUID:
    return derived_id(_NAMESPACE, name, at)


_USER: Final = _id("user", datetime(2025, 11, 3, 10, 0, tzinfo=UTC))
PERSON: Final = Actor("user", str(_USER), "Ada Example")
TOKEN: Final = Actor("token", str(_id("token")), "Ada Example")
SYSTEM: Final = Actor("system", "recurring-processor", "TaskFlow")
CLOCK: Final = Actor("system", "reminder", "TaskFlow")
CREATED: Final = TaskState(
    id=_id("plants"),
    user_id=_USER,
    title="Water the plants",
    description="The fern takes half a litre.",
    status="pending",
    priority="medium",
    tags=("home", "plants"),
    due_date="2026-01-12T08:00:00Z",
    all_day=False,
    timezone="Europe/Berlin",
    recurrence=Recurrence("FREQ=WEEKLY;BYDAY=MO"),
    reminders=(Reminder(offset="PT1H"),),
    series_id=_id("series"),
    occurrence_date="2026-01-12",
    version=1,
    created_at=_MONDAY,
    updated_at=_MONDAY,
    completed_at=None,
)
_EDITED_AT: Final = _MONDAY + timedelta(days=1, hours=2)
_DONE_AT: Final = _DUE + timedelta(minutes=12)
_THROWN_AT: Final = _MONDAY + timedelta(days=2)
EDITED: Final = replace(CREATED, priority="high", version=2, updated_at=_EDITED_AT)
DONE: Final = replace(
    EDITED, status="completed", completed_at=_DONE_AT, version=3, updated_at=_DONE_AT
)
NEXT: Final = replace(
    EDITED,
    id=_id("next", _DONE_AT),
    due_date="2026-01-19T08:00:00Z",
    occurrence_date="2026-01-19",
    version=1,
    created_at=_DONE_AT,
    updated_at=_DONE_AT,
)
PLAIN: Final = replace(
    CREATED,
    id=_id("plain"),
    title="Call the dentist",
    description="",
    tags=(),
    due_date="2026-01-09",
    all_day=True,
    recurrence=None,
    reminders=(),
    series_id=None,
    occurrence_date=None,
    version=2,
    updated_at=_THROWN_AT,
)
NOBODYS: Final = replace(
    PLAIN,
    id=_id("nobody's"),
    title="Account erased",
    due_date=None,
    all_day=False,
    timezone="UTC",
    version=1,
    created_at=_THROWN_AT,
)


def examples() -> dict[str, Envelope]:
    """Envelopes by the names of their files: the type, and what is special about it."""
    edited = _event("task.updated", TOKEN, EDITED, {"priority": ("medium", "high")})
    change = {"status": ("pending", "completed"), "completed_at": (None, "2026-01-12T08:12:00Z")}
    done = _event("task.completed", PERSON, DONE, change)
    fired = ReminderFacts(_id("reminder"), "PT1H", EDITED.due_date, _DUE - timedelta(hours=1), 0)
    events = {
        "task.created": _event("task.created", PERSON, CREATED),
        "task.created.next-of-series": replace(
            _event("task.created", SYSTEM, NEXT), causation_id=done.event_id
        ),
        "task.updated": edited,
        "task.completed": done,
        "task.deleted": _event(
            "task.deleted", PERSON, PLAIN, {"deleted_at": (None, "2026-01-07T08:30:00.125000Z")}
        ),
        "task.deleted.account-erased": replace(
            _event("task.deleted", PERSON, NOBODYS), owner_erased=True
        ),
        "reminder.triggered": replace(
            _event("reminder.triggered", CLOCK, EDITED, {}, fired), causation_id=edited.event_id
        ),
    }
    return {name: wrap(event, _TRACEPARENT) for name, event in events.items()}


def _event(
    event_type: EventType,
    actor: Actor,
    task: TaskState,
    changes: Mapping[str, tuple[object, object]] | None = None,
    reminder: ReminderFacts | UnsetType = UNSET,
) -> TaskEvent:
    at = reminder.fire_at if isinstance(reminder, ReminderFacts) else task.updated_at
    return TaskEvent(
        event_id=_id(f"{event_type} {task.id}", at),
        event_type=event_type,
        task_id=task.id,
        user_id=task.user_id,
        actor=actor,
        version=task.version,
        timestamp=at,
        correlation_id=str(_id(f"request {task.version}", at)),
        causation_id=None,
        task=task,
        changes={name: Change(*values) for name, values in (changes or {}).items()},
        reminder=reminder,
    )
