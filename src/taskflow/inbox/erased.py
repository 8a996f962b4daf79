"""People whose accounts are gone, as each consumer has heard: it keeps nothing of them any more.

Whoever handles an event of somebody shares a lock of theirs until the commit, and whoever lets them
go holds it alone. So an event is either handled before, and its effect goes too, or not at all.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from taskflow.db.transaction import Transaction

STANDING = """
SELECT user_id FROM unnest($2::uuid[]) AS user_id WHERE delivery.owner_stands($1, user_id)
"""
LOCK = "SELECT pg_advisory_xact_lock(delivery.owner_key($1, $2))"
CLOSE = """
INSERT INTO delivery.erased_owners (consumer, user_id, erased_at) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
"""
# Of a JSON text the quotation marks would be escaped, so this is found as the field alone.
FORGET_LETTERS = """
DELETE FROM delivery.dead_letters
 WHERE consumer = $1 AND position(convert_to('"user_id":"' || $2 || '"', 'UTF8') IN envelope) > 0
"""


async def standing(
    transaction: Transaction, consumer: str, user_ids: Collection[UUID]
) -> set[UUID]:
    """Those users whose accounts are there; until the transaction ends that stays so.

    Locks are taken in the order of the ids, before anything else of theirs is touched.
    """
    rows = await transaction.rows(STANDING, consumer, sorted(set(user_ids)))
    return {row[0] for row in rows}


async def close(transaction: Transaction, consumer: str, user_id: UUID, now: datetime) -> None:
    """Take in nothing of a user any more, and forget their dead letters; waits for what runs."""
    await transaction.execute(LOCK, consumer, user_id)
    await transaction.execute(CLOSE, consumer, user_id, now)
    await transaction.execute(FORGET_LETTERS, consumer, str(user_id))
