"""Notes to test with."""

from datetime import UTC, datetime
from uuid import UUID

from msgspec import UNSET

from taskflow.events.payloads import EventType, TaskState
from taskflow.services.notification.frames import Note

USER = UUID(int=1)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def make_note(
    number: int | None,
    *,
    task: int | None = None,
    event_type: EventType = "task.updated",
    title: str = "t",
    description: str = "",
    version: int = 1,
) -> Note:
    """A note of a task; without a number it is silent."""
    state = TaskState(
        id=UUID(int=task or number or 0),
        user_id=USER,
        title=title,
        description=description,
        status="pending",
        priority="medium",
        tags=(),
        due_date=None,
        all_day=False,
        timezone="UTC",
        recurrence=None,
        reminders=(),
        series_id=None,
        occurrence_date=None,
        version=version,
        created_at=NOW,
        updated_at=NOW,
        completed_at=None,
    )
    return Note(
        id=number,
        event_type=event_type,
        task_id=state.id,
        title=title,
        body="",
        task=state,
        version=version,
        created_at=NOW,
        event_id=UUID(int=(number or 0) + 1_000_000),
        silent=True if number is None else UNSET,
    )
