"""Marks events as seen by a consumer, in the transaction of their effects."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from taskflow.base.ids import first_id_at
from taskflow.db.transaction import Transaction

# Longer than any broker of ours keeps a message.
KEEP: Final = timedelta(days=30)

MARK = """
INSERT INTO delivery.inbox (consumer, event_id)
SELECT $1, event_id FROM unnest($2::uuid[]) AS event_id
ON CONFLICT DO NOTHING
RETURNING event_id
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


async def mark_seen(
    transaction: Transaction, consumer: str, event_ids: Collection[UUID]
) -> set[UUID]:
    """Mark events; returns those that this consumer has not seen before.

    Whoever marks the same ones at the same time waits for the other's commit, and as all go by the
    order of the ids nobody waits for each other.
    """
    rows = await transaction.rows(MARK, consumer, sorted(set(event_ids)))
    return {row[0] for row in rows}


async def prune(transaction: Transaction, now: datetime, limit: int) -> int:
    """Forget some marks that no redelivery can need; ids are ordered by time."""
    return await transaction.execute(PRUNE, first_id_at(now - KEEP), limit)
