"""People whose accounts are gone, as each consumer has heard: it keeps nothing of them any more.

Whoever handles an event of somebody shares a lock of theirs until the commit, and whoever lets them
go holds it alone. So an event is either handled before, and its effect goes too, or not at all.
From then on nothing is added, so what is kept may be removed in as many transactions as it takes.
"""

from collections.abc import Collection, Sequence
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
# Of a JSON text the quotation marks would be escaped, so this is found as the field alone. Whoever
# replays a letter holds it, and discards it: of somebody who is gone it has nothing to do.
FORGET_LETTERS = """
DELETE FROM delivery.dead_letters WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM delivery.dead_letters
   WHERE consumer = $1 AND position(convert_to('"user_id":"' || $2 || '"', 'UTF8') IN envelope) > 0
     FOR UPDATE SKIP LOCKED))
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


def removal(table: str, key: str, whose: str = "user_id = $1") -> str:
    """The statement that removes some rows of a person's from a table.

    A row that is changed meanwhile is waited for, and found again by its key.

    Args:
        table: With its schema.
        key: A column that tells the rows of a person apart; `ctid` where none is ever changed.
        whose: The condition that finds the rows of the person `$1`.
    """
    return f"""
DELETE FROM {table} WHERE {whose} AND {key} = ANY(ARRAY(
  SELECT {key} FROM {table} WHERE {whose} LIMIT $2))
"""  # noqa: S608 - made of constants


async def remove_some(
    transaction: Transaction, removals: Sequence[str], user_id: UUID, limit: int
) -> int:
    """Remove up to so many rows of a person's; returns how many, 0 when none is left.

    Args:
        transaction: Where to remove them.
        removals: What `removal` gives, in an order that their references allow.
        user_id: Whose.
        limit: The most rows.
    """
    removed = 0
    for statement in removals:
        if removed < limit:
            removed += await transaction.execute(statement, user_id, limit - removed)
    return removed
