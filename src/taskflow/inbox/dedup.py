"""Marks an event as seen by a consumer, in the transaction of its effect."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from taskflow.base.ids import first_id_at
from taskflow.db.transaction import Transaction

# Longer than any broker of ours keeps a message.
KEEP: Final = timedelta(days=30)

MARK = """
INSERT INTO delivery.inbox (consumer, event_id) VALUES ($1, $2)
ON CONFLICT DO NOTHING
"""
# Whatever can come again needs its mark: it waits in the outbox for somebody else, or is a dead
# letter. The consumers' names come from the index, one look each, and lead to what is old.
PRUNE = """
WITH RECURSIVE consumers (name) AS (
  SELECT min(consumer) FROM delivery.inbox
   UNION ALL
  SELECT (SELECT min(consumer) FROM delivery.inbox WHERE consumer > name)
    FROM consumers WHERE name IS NOT NULL
), old AS (
  SELECT mark.ctid AS place
    FROM consumers
    JOIN delivery.inbox AS mark ON mark.consumer = consumers.name AND mark.event_id < $1
   WHERE NOT EXISTS (SELECT FROM delivery.outbox WHERE outbox.event_id = mark.event_id)
     AND NOT EXISTS (
       SELECT FROM delivery.dead_letters AS letter
        WHERE letter.consumer = mark.consumer AND letter.event_id = mark.event_id::text
     )
   LIMIT $2
     FOR UPDATE OF mark SKIP LOCKED
)
DELETE FROM delivery.inbox WHERE ctid = ANY(ARRAY(SELECT place FROM old))
"""


async def mark_seen(transaction: Transaction, consumer: str, event_id: UUID) -> bool:
    """Mark an event; False when this consumer has seen it before."""
    return await transaction.execute(MARK, consumer, event_id) == 1


async def prune(transaction: Transaction, now: datetime, limit: int) -> int:
    """Forget some marks that no redelivery can need; ids are ordered by time."""
    return await transaction.execute(PRUNE, first_id_at(now - KEEP), limit)
