"""Appends an event to the outbox, in the transaction that made the change.

Where traces are collected, that is the span that creates a message (OpenTelemetry's conventions for
messaging); its context travels in the envelope, and whoever handles the event is below it.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from taskflow.base import spans
from taskflow.base.errors import TooLarge
from taskflow.base.spans import Attributes, Kind, Span
from taskflow.db.transaction import Transaction
from taskflow.events.envelope import MAX_BYTES, encode, wrap
from taskflow.events.payloads import TaskEvent
from taskflow.events.topics import TOPIC_OF
from taskflow.outbox import tables

BELL = "outbox"
SYSTEM: Final = "taskflow"


class Caused(NamedTuple):
    """An event, and the span or `traceparent` of what caused it."""

    event: TaskEvent
    cause: Span | str | None


async def append(
    transaction: Transaction, *events: TaskEvent, traceparent: str | None = None
) -> None:
    """Write events in their order and wake the relay after the commit.

    Args:
        transaction: Of the change.
        events: What to tell.
        traceparent: What caused them, where no span is present.

    Raises:
        TooLarge: an event is larger than the contract allows; nothing may be committed then.
    """
    present = spans.present()
    cause = present if present.traceparent else traceparent
    await append_caused(transaction, [Caused(event, cause) for event in events])


async def append_caused(transaction: Transaction, events: Sequence[Caused]) -> None:
    """Write events in their order, each with a cause of its own, and wake the relay.

    Raises:
        TooLarge: an event is larger than the contract allows; nothing may be committed then.
    """
    created: list[Span] = []
    rows = []
    try:
        for event, cause in events:
            created.append(creation(event.event_type, event.event_id, event.correlation_id, cause))
            rows.append(_row(event, traceparent_of(created[-1], cause)))
        await tables.insert(transaction, rows)
    finally:
        for span in created:
            span.end()
    transaction.ring(BELL)


async def compose(transaction: Transaction, query: str, *parameters: object) -> None:
    """Write events that the database composes, and wake the relay.

    Args:
        transaction: Of the change.
        query: Gives the rows of the outbox in their order: `event_id`, `source`, `topic`, `key`,
            `envelope` and `created_at`.
        parameters: Its own.
    """
    await tables.compose(transaction, query, *parameters)
    transaction.ring(BELL)


def creation(
    event_type: str, event_id: UUID, correlation_id: str, cause: Span | str | None
) -> Span:
    """The span that creates an event; nothing where nothing is traced."""
    if not spans.is_on():
        return spans.NOTHING
    topic = TOPIC_OF[event_type]
    known: Attributes = {
        "messaging.system": SYSTEM,
        "messaging.operation.type": "create",
        "messaging.operation.name": "create",
        "messaging.destination.name": topic,
        "messaging.message.id": str(event_id),
        "taskflow.correlation_id": correlation_id,
    }
    return spans.start(f"create {topic}", Kind.PRODUCER, parent=cause, attributes=known)


def traceparent_of(created: Span, cause: Span | str | None) -> str | None:
    """What tells others of an event's creation; where nothing is traced, of its cause."""
    if created.traceparent is not None:
        return created.traceparent
    return cause if cause is None or isinstance(cause, str) else cause.traceparent


def _row(event: TaskEvent, traceparent: str | None) -> tables.Row:
    envelope = wrap(event, traceparent)
    body = encode(envelope)
    if len(body) > MAX_BYTES:
        raise TooLarge("the task is too large to be told of in one event", MAX_BYTES)
    return tables.Row(
        event.event_id,
        envelope.source,
        envelope.topic,
        envelope.partitionkey,
        body,
        event.timestamp,
    )
