"""What the trail keeps of events, as the columns of one insert. Pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from taskflow.events.payloads import TaskEvent

_ENCODER = msgspec.json.Encoder()


class Row(NamedTuple):
    """One event in the trail; `payload` is the event's whole data, as JSON."""

    event_id: UUID
    event_type: str
    task_id: UUID
    user_id: UUID
    timestamp: datetime
    payload: str
    correlation_id: str
    partition_key: date
    actor: str
    version: int


def row_of(event: TaskEvent) -> Row:
    """The row of an event; its month is that of the timestamp in UTC."""
    return Row(
        event.event_id,
        event.event_type,
        event.task_id,
        event.user_id,
        event.timestamp,
        _ENCODER.encode(event).decode(),
        event.correlation_id,
        event.timestamp.astimezone(UTC).date().replace(day=1),
        event.actor.id,
        event.version,
    )


def columns(events: Sequence[TaskEvent]) -> list[list[object]]:
    """The batch turned on its side: a list for each column; a repeated event stands once."""
    rows = {event.event_id: row_of(event) for event in events}
    return [list(column) for column in zip(*rows.values(), strict=True)]
