"""The table of people's channels, in the order in which each person prefers them."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

import msgspec

from taskflow.db.transaction import Transaction
from taskflow.services.reminder.channels.port import Addressee

PREFERRED: Final = """
SELECT id, user_id, kind, name, address
  FROM reminders.channels
 WHERE user_id = ANY($1::uuid[]) AND is_on
 ORDER BY user_id, position, id
"""
TURN_OFF: Final = """
UPDATE reminders.channels SET is_on = false, off_reason = $2, updated_at = now() WHERE id = $1
"""


async def preferred(
    transaction: Transaction, user_ids: Collection[UUID]
) -> dict[UUID, list[Addressee]]:
    """What each of these people has turned on, the most preferred first."""
    found: dict[UUID, list[Addressee]] = {user_id: [] for user_id in user_ids}
    for row in await transaction.rows(PREFERRED, list(found)):
        address = msgspec.json.decode(row["address"])
        one = Addressee(row["id"], row["user_id"], row["kind"], row["name"], address)
        found[one.user_id].append(one)
    return found


async def turn_off(transaction: Transaction, channel_id: UUID, reason: str) -> None:
    """Use a channel no more, until its owner turns it on again; the reason is shown to them."""
    await transaction.execute(TURN_OFF, channel_id, reason)
