"""The envelope of a reminder that fires, as a form that PostgreSQL's `format` fills in.

Its task is told as the reminder service keeps it. Read, it would be parsed, copied and written
again for each of thousands, so the database puts it in where it lies. A form is made by the encoder
that makes all other envelopes, and so says the same.
"""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Raw

from taskflow.events.envelope import encode, wrap
from taskflow.events.payloads import Actor, TaskEvent
from taskflow.events.topics import REMINDER_TRIGGERED

PLACES: Final = (
    "event_id",
    "task_id",
    "user_id",
    "causation_id",
    "timestamp",
    "version",
    "correlation_id",
    "task",
    "reminder",
    "traceparent",
)
"""What is put in, as JSON, in the order of the arguments; the last where it is traced."""
# What `wrap` reads is written as it is, and replaced then.
_IDS: Final = [UUID(int=number) for number in range(1, 5)]
_TIME: Final = datetime(1, 1, 1, microsecond=1, tzinfo=UTC)
_TRACEPARENT: Final = "what caused it"


def form(actor: Actor, *, is_traced: bool) -> str:
    """The text that `format` takes.

    Args:
        actor: Who reminds.
        is_traced: Whether it has a `traceparent`.
    """
    kept: dict[str, Any] = {name: Raw(_place(name).encode()) for name in PLACES[5:9]}
    event_id, task_id, user_id, cause = _IDS
    event = TaskEvent(
        event_id=event_id,
        event_type=REMINDER_TRIGGERED,
        task_id=task_id,
        user_id=user_id,
        actor=actor,
        timestamp=_TIME,
        causation_id=cause,
        changes={},
        **kept,
    )
    envelope = wrap(event, _TRACEPARENT if is_traced else None)
    text = encode(envelope).decode()
    for name, value in zip(PLACES, [*_IDS, envelope.time], strict=False):
        text = text.replace(f'"{value}"', _place(name))
    return text.replace(f'"{_TRACEPARENT}"', _place("traceparent"))


def _place(name: str) -> str:
    return f"%{PLACES.index(name) + 1}$s"
