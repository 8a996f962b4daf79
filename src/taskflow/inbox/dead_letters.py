"""Events that a consumer could not handle: kept, listed, replayed or discarded."""

from datetime import datetime
from typing import Final, NamedTuple

from taskflow.bus.message import Message
from taskflow.db.transaction import Transaction

BELL: Final = "dead-letters"
MOST_COUNTED: Final = 10_000

KEEP = """
INSERT INTO delivery.dead_letters (consumer, event_id, topic, key, envelope, reason, failed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (consumer, event_id) DO UPDATE
   SET reason = EXCLUDED.reason, failed_at = EXCLUDED.failed_at, replay_asked_at = NULL
"""
LIST = """
SELECT consumer, event_id, topic, key, reason, failed_at, replay_asked_at
  FROM delivery.dead_letters
 WHERE $1::text IS NULL OR consumer = $1
 ORDER BY failed_at, event_id
 LIMIT $2
"""
SHOW = """
SELECT consumer, event_id, topic, key, reason, failed_at, replay_asked_at, envelope
  FROM delivery.dead_letters WHERE consumer = $1 AND event_id = $2
"""
DISCARD = "DELETE FROM delivery.dead_letters WHERE consumer = $1 AND event_id = $2"
REPLAY = """
UPDATE delivery.dead_letters SET replay_asked_at = $3
 WHERE consumer = $1 AND event_id = $2
"""
TO_REPLAY = """
SELECT consumer, event_id, topic, key, reason, failed_at, replay_asked_at, envelope
  FROM delivery.dead_letters
 WHERE consumer = $1 AND replay_asked_at IS NOT NULL
 ORDER BY replay_asked_at, event_id
 LIMIT $2
   FOR UPDATE SKIP LOCKED
"""
WAITING = """
SELECT count(*) FROM (
  SELECT FROM delivery.dead_letters WHERE consumer = $1 LIMIT $2
) AS counted
"""
COUNT = "SELECT consumer, count(*) AS letters FROM delivery.dead_letters GROUP BY consumer"


class Failure(NamedTuple):
    """Which consumer failed at which event, why and when.

    Attributes:
        event_id: The event's id, or a name made from its bytes where it could not be read.
    """

    consumer: str
    event_id: str
    reason: str
    failed_at: datetime


class DeadLetter(NamedTuple):
    """An event that was set aside.

    Attributes:
        replay_asked_at: When it was asked to be handled again, while that has not been done.
    """

    consumer: str
    event_id: str
    topic: str
    key: str
    reason: str
    failed_at: datetime
    replay_asked_at: datetime | None
    envelope: bytes = b""


async def keep(transaction: Transaction, failure: Failure, message: Message) -> None:
    """Keep a message with the reason why it was set aside."""
    consumer, event_id, reason, failed_at = failure
    # A stranger's event may have what no column of text can hold; its bytes are kept as they are.
    topic, key, reason = (one.replace("\0", "") for one in (message.topic, message.key, reason))
    kept = (topic, key, message.body, reason[:2000], failed_at)
    await transaction.execute(KEEP, consumer, event_id, *kept)


async def listing(transaction: Transaction, consumer: str | None, limit: int) -> list[DeadLetter]:
    """Dead letters, oldest first, without their bytes."""
    return [DeadLetter(*row) for row in await transaction.rows(LIST, consumer, limit)]


async def show(transaction: Transaction, consumer: str, event_id: str) -> DeadLetter | None:
    """One dead letter with its bytes."""
    row = await transaction.row(SHOW, consumer, event_id)
    return DeadLetter(*row) if row else None


async def discard(transaction: Transaction, consumer: str, event_id: str) -> bool:
    """Forget a dead letter; False when there is none."""
    return await transaction.execute(DISCARD, consumer, event_id) == 1


async def ask_replay(transaction: Transaction, consumer: str, event_id: str, now: datetime) -> bool:
    """Have the consumer handle it again; False when there is none."""
    transaction.ring(f"{BELL} {consumer}")
    return await transaction.execute(REPLAY, consumer, event_id, now) == 1


async def to_replay(transaction: Transaction, consumer: str, limit: int) -> list[DeadLetter]:
    """What this consumer was asked to handle again, locked until the transaction ends."""
    return [DeadLetter(*row) for row in await transaction.rows(TO_REPLAY, consumer, limit)]


async def waiting(transaction: Transaction, consumer: str) -> int:
    """How many dead letters a consumer has; no more than `MOST_COUNTED` are counted."""
    found: int = await transaction.value(WAITING, consumer, MOST_COUNTED)
    return found


async def counts(transaction: Transaction) -> dict[str, int]:
    """How many dead letters each consumer has."""
    return {row["consumer"]: row["letters"] for row in await transaction.rows(COUNT)}
