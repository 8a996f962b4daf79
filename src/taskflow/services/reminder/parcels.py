"""Reads what a claimed delivery is to say, and to whom."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskState
from taskflow.services.reminder.channels import storage as channels
from taskflow.services.reminder.channels.port import Addressee, Message
from taskflow.services.reminder.claims import Claimed
from taskflow.services.reminder.lifecycle import Way
from taskflow.services.reminder.messages import MOST_NAMED, RANKS, Contents, Member, message_of
from taskflow.services.reminder.scheduler import MOVED

# Of very many, so many are read as are named: what is wanted comes first, and is counted here. Of
# what somebody else has claimed since, nothing is left to this one.
MEMBERS = f"""
WITH member AS (
SELECT told.reminder_id, told.fire_at, task.task,
       CASE
         WHEN delivery.asked_at IS NOT NULL THEN NULL
         WHEN told.withdrawn_at IS NOT NULL THEN told.withdrawn_for
         WHEN task.closed IS NOT NULL THEN task.closed
         WHEN reminder.status = 'acknowledged' THEN 'it was acknowledged'
         WHEN reminder.fired_at IS NULL THEN '{MOVED}'
       END AS needless
  FROM reminders.told AS told
  JOIN reminders.deliveries AS delivery ON delivery.id = told.delivery_id
  JOIN reminders.reminders AS reminder ON reminder.id = told.reminder_id
  JOIN reminders.tasks AS task ON task.task_id = reminder.task_id
 WHERE told.delivery_id = $1 AND delivery.claim = $4
)
SELECT reminder_id, fire_at, task::text AS task, needless,
       count(*) FILTER (WHERE needless IS NULL) OVER () AS wanted,
       max(array_position($2::text[], task->>'priority'))
         FILTER (WHERE needless IS NULL) OVER () AS urgency
  FROM member
 ORDER BY needless IS NOT NULL, task->>'priority' <> 'urgent', fire_at, reminder_id LIMIT $3
"""  # noqa: S608 - made of constants
IS_ASKED = "SELECT asked_at IS NOT NULL FROM reminders.deliveries WHERE id = $1"
NOTHING_LEFT = "nothing of it is left"


class Parcel(NamedTuple):
    """A message and whom it is for.

    Attributes:
        needless: Why it need not be sent any more, where that is so; there is no message then.
        addressee: None where its owner has turned the channel off, or taken it away.
    """

    message: Message | None
    needless: str
    addressee: Addressee | None


async def read(transaction: Transaction, claimed: Claimed, now: datetime) -> Parcel:
    """What to send for a claimed delivery.

    Args:
        transaction: Reads alone.
        claimed: What was claimed.
        now: The time, for how late it is.
    """
    known = (await channels.preferred(transaction, [claimed.user_id]))[claimed.user_id]
    addressee = next((one for one in known if one.id == claimed.course.way.id), None)
    rows: list[Any] = await transaction.rows(MEMBERS, claimed.id, RANKS, MOST_NAMED, claimed.mark)
    named = [_member(row, now) for row in rows if row["needless"] is None]
    if not named:
        return Parcel(None, rows[0]["needless"] if rows else NOTHING_LEFT, addressee)
    contents = Contents(named, rows[0]["wanted"], RANKS[rows[0]["urgency"] - 1])
    return Parcel(message_of(claimed.id, contents), "", addressee)


async def ways(
    transaction: Transaction, claimed: Claimed, kinds: frozenset[str]
) -> tuple[Way, ...]:
    """By what a claimed delivery may go: what its owner has turned on, the most preferred first.

    Of what they asked for once more, it is the channel that they asked for alone.
    """
    known = (await channels.preferred(transaction, [claimed.user_id]))[claimed.user_id]
    is_asked = bool(await transaction.value(IS_ASKED, claimed.id))
    found = (Way(one.id, one.kind) for one in known if one.kind in kinds)
    # Whoever asks for a channel wants no other one in its place.
    return tuple(one for one in found if not is_asked or one == claimed.course.way)


def _member(row: Any, now: datetime) -> Member:
    task = msgspec.json.decode(row["task"], type=TaskState)
    late = max(int((now - row["fire_at"]).total_seconds()), 0)
    return Member(row["reminder_id"], row["fire_at"], late, task)
