"""The table of reminders' timelines: only ever added to, forgotten with its owner alone."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from taskflow.db.transaction import Transaction
from taskflow.services.reminder.history import Attempt, Carried, Entry, Told

APPEND = """
INSERT INTO reminders.timeline (reminder_id, user_id, at, what, facts)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::jsonb[])
"""
# The newest, should there be more than anybody reads.
ENTRIES = """
SELECT at, what, facts::text AS facts FROM reminders.timeline
 WHERE reminder_id = $1 ORDER BY id DESC LIMIT $2
"""
DELIVERIES = """
SELECT delivery.id, delivery.kind, delivery.state, delivery.channel_kind, delivery.next_at,
       delivery.reason, delivery.created_at, delivery.finished_at, channel.name AS channel_name,
       delivery.channel_id = ANY(delivery.unreached) AS is_patient,
       CASE WHEN delivery.asked_at IS NULL THEN told.withdrawn_at END AS withdrawn_at,
       told.withdrawn_for
  FROM (
         SELECT delivery_id, max(withdrawn_for) AS withdrawn_for,
                CASE WHEN bool_and(withdrawn_at IS NOT NULL) THEN max(withdrawn_at) END
                  AS withdrawn_at
           FROM reminders.told WHERE reminder_id = $1 GROUP BY delivery_id
       ) AS told
  JOIN reminders.deliveries AS delivery ON delivery.id = told.delivery_id
  LEFT JOIN reminders.channels AS channel ON channel.id = delivery.channel_id
 ORDER BY delivery.created_at DESC, delivery.id LIMIT $2
"""
ATTEMPTS = """
SELECT delivery_id, channel_kind, channel_name, attempt, at, result, detail, latency_ms, next_at
  FROM reminders.attempts WHERE delivery_id = ANY($1::uuid[]) ORDER BY delivery_id, number
"""
MOST: Final = 500


async def append(transaction: Transaction, entries: Sequence[Entry]) -> None:
    """Write down what happened, in its order."""
    if entries:
        columns = zip(*(_row(entry) for entry in entries), strict=True)
        await transaction.execute(APPEND, *(list(column) for column in columns))


def _row(entry: Entry) -> tuple[object, ...]:
    facts = msgspec.json.encode(entry.facts).decode()
    return entry.reminder_id, entry.user_id, entry.at, entry.what, facts


async def entries(transaction: Transaction, reminder_id: UUID) -> list[Told]:
    """What was written down of a reminder, in its order."""
    rows: list[Any] = await transaction.rows(ENTRIES, reminder_id, MOST)
    return [
        Told(row["at"], row["what"], msgspec.json.decode(row["facts"])) for row in reversed(rows)
    ]


async def deliveries(transaction: Transaction, reminder_id: UUID) -> list[Carried]:
    """The deliveries that tell of a reminder, the oldest first."""
    rows = await transaction.rows(DELIVERIES, reminder_id, MOST)
    return [Carried(*row) for row in reversed(rows)]


async def attempts(transaction: Transaction, delivery_ids: Sequence[UUID]) -> list[Attempt]:
    """The attempts at some deliveries, those of each in their order."""
    return [Attempt(*row) for row in await transaction.rows(ATTEMPTS, list(delivery_ids))]
