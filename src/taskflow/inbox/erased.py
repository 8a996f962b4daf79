"""People whose accounts are gone, as each consumer has heard: it keeps nothing of them any more.

Whoever handles an event of somebody shares a lock of theirs until the commit, and whoever lets them
go holds it alone. So an event is either handled before, and its effect goes too, or not at all.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from taskflow.db.transaction import Transaction

TAKE_IN = """
WITH marked AS (
  INSERT INTO delivery.inbox (consumer, event_id) VALUES ($1, $2)
  ON CONFLICT DO NOTHING
  RETURNING true
)
SELECT EXISTS (SELECT FROM marked) AS is_new, delivery.owner_stands($1, $3) AS owner_stands
"""
STANDS = "SELECT delivery.owner_stands($1, $2)"
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


class Standing(NamedTuple):
    """What a consumer knows of an event that comes in.

    Attributes:
        is_new: It was not marked before; it is now.
        owner_stands: The user's account is there, as far as we have heard.
    """

    is_new: bool
    owner_stands: bool


async def take_in(
    transaction: Transaction, consumer: str, event_id: UUID, user_id: UUID
) -> Standing:
    """Mark an event as seen; until the transaction ends nobody lets its user go."""
    row = await transaction.row(TAKE_IN, consumer, event_id, user_id)
    return Standing(*row) if row else Standing(is_new=False, owner_stands=False)


async def stands(transaction: Transaction, consumer: str, user_id: UUID) -> bool:
    """Whether a user's account is there; until the transaction ends that stays so."""
    found: bool = await transaction.value(STANDS, consumer, user_id)
    return found


async def close(transaction: Transaction, consumer: str, user_id: UUID, now: datetime) -> None:
    """Take in nothing of a user any more, and forget their dead letters; waits for what runs."""
    await transaction.execute(LOCK, consumer, user_id)
    await transaction.execute(CLOSE, consumer, user_id, now)
    await transaction.execute(FORGET_LETTERS, consumer, str(user_id))
