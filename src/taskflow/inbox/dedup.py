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
PRUNE = "DELETE FROM delivery.inbox WHERE event_id < $1"


async def mark_seen(transaction: Transaction, consumer: str, event_id: UUID) -> bool:
    """Mark an event; False when this consumer has seen it before."""
    return await transaction.execute(MARK, consumer, event_id) == 1


async def prune(transaction: Transaction, now: datetime) -> int:
    """Forget marks that no redelivery can need; ids are ordered by time."""
    return await transaction.execute(PRUNE, first_id_at(now - KEEP))
