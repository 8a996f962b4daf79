"""What a channel was given and what came of it, and how to have one of it sent again."""

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from taskflow.base import cursors
from taskflow.base.errors import Conflict, NotFound
from taskflow.db.transaction import Transaction
from taskflow.services.reminder import receipts
from taskflow.services.reminder.channels.storage import Kept
from taskflow.services.reminder.deliveries import BELL
from taskflow.services.reminder.history import Person, of_redelivery
from taskflow.services.reminder.lifecycle import Result

LOG = """
SELECT attempt.delivery_id, attempt.number, delivery.kind, delivery.task_id, delivery.state,
       attempt.attempt, attempt.at, attempt.result, attempt.detail, attempt.latency_ms,
       attempt.next_at
  FROM reminders.attempts AS attempt
  JOIN reminders.deliveries AS delivery ON delivery.id = attempt.delivery_id
 WHERE attempt.channel_id = $1
   AND (attempt.at, attempt.delivery_id, attempt.number) < ($2, $3, $4)
 ORDER BY attempt.at DESC, attempt.delivery_id DESC, attempt.number DESC LIMIT $5
"""
FIND = """
SELECT state, attempts, redeliveries FROM reminders.deliveries
 WHERE id = $1 AND user_id = $2
   AND EXISTS (SELECT FROM reminders.attempts WHERE delivery_id = $1 AND channel_id = $3)
   FOR UPDATE
"""
AGAIN = """
UPDATE reminders.deliveries
   SET state = 'waiting', channel_id = $3, channel_kind = $4, attempt = 0, since = NULL,
       tried = '{}', unreached = '{}', next_at = $5, asked_at = $5, finished_at = NULL,
       reason = NULL, claim = NULL, redeliveries = redeliveries + 1
 WHERE id = $1 AND user_id = $2
"""
# What is asked for again and again is never over, and so never forgotten.
MOST_REDELIVERIES: Final = 10
LIST_NAME: Final = "deliveries"
_LATEST: Final = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1), 0)
_Place = tuple[cursors.Instant, UUID, cursors.Version]


class Attempted(NamedTuple):
    """One attempt, and where its delivery stands now.

    Attributes:
        number: Of the delivery's attempts by all channels.
        attempt: Of those by this channel.
        latency_ms: How long the receiver took; None where nobody knows.
        next_at: When it is tried again, where it is.
    """

    delivery_id: UUID
    number: int
    kind: str
    task_id: UUID | None
    state: str
    attempt: int
    at: datetime
    result: Result
    detail: str
    latency_ms: int | None
    next_at: datetime | None


async def listing(
    transaction: Transaction, channel_id: UUID, limit: int, cursor: str | None
) -> tuple[list[Attempted], str | None]:
    """A page of a channel's attempts, the newest first, and where the next ones begin."""
    before = _LATEST if cursor is None else cursors.decode(cursor, LIST_NAME, _Place)
    rows: list[Any] = await transaction.rows(LOG, channel_id, *before, limit + 1)
    found = [Attempted(*row) for row in rows[:limit]]
    if len(rows) <= limit:
        return found, None
    last = found[-1]
    return found, cursors.encode(LIST_NAME, last.at, last.delivery_id, last.number)


async def redeliver(
    transaction: Transaction, channel: Kept, delivery_id: UUID, now: datetime
) -> None:
    """Have a delivery sent by a channel once more, under the id that it had.

    Raises:
        NotFound: this channel was never given it.
        Conflict: it is on its way, the channel is off, or it was asked for too often.
    """
    found: Any = await transaction.row(FIND, delivery_id, channel.user_id, channel.id)
    if found is None:
        raise NotFound(f"this channel was given no delivery {delivery_id}")
    if found["state"] in ("waiting", "claimed"):
        raise Conflict("it is on its way already")
    if not channel.is_on:
        raise Conflict(f"the channel is off: {channel.off_reason or 'its owner turned it off'}")
    if found["redeliveries"] >= MOST_REDELIVERIES:
        raise Conflict(f"it was asked for {MOST_REDELIVERIES} times already, which is the most")
    by = {"channel": channel.kind, "channel_name": channel.name}
    entries = [
        entry
        for reminder_id, carried in await receipts.of_delivery(transaction, delivery_id)
        for entry in of_redelivery(
            Person(channel.user_id, reminder_id, now), carried, by, found["attempts"]
        )
    ]
    await receipts.append(transaction, entries)
    await transaction.execute(AGAIN, delivery_id, channel.user_id, channel.id, channel.kind, now)
    transaction.ring(f"{BELL} {channel.kind}")
