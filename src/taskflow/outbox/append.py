"""Appends an event to the outbox, in the transaction that made the change."""

from taskflow.base.errors import TooLarge
from taskflow.db.transaction import Transaction
from taskflow.events.envelope import MAX_BYTES, encode, wrap
from taskflow.events.payloads import TaskEvent
from taskflow.outbox import tables

BELL = "outbox"


async def append(
    transaction: Transaction, *events: TaskEvent, traceparent: str | None = None
) -> None:
    """Write events in their order and wake the relay after the commit.

    Raises:
        TooLarge: an event is larger than the contract allows; nothing may be committed then.
    """
    rows = []
    for event in events:
        envelope = wrap(event, traceparent)
        body = encode(envelope)
        if len(body) > MAX_BYTES:
            raise TooLarge("the task is too large to be told of in one event", MAX_BYTES)
        row = tables.Row(
            event.event_id,
            envelope.source,
            envelope.topic,
            envelope.partitionkey,
            body,
            event.timestamp,
        )
        rows.append(row)
    await tables.insert(transaction, rows)
    transaction.ring(BELL)
