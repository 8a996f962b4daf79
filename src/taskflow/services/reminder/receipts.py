"""The table of reminders' timelines: only ever added to, forgotten with its owner alone."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from taskflow.db.transaction import Transaction
from taskflow.services.reminder.channels.storage import ENDED
from taskflow.services.reminder.history import Attempt, Carried, Entry, Told

COLUMNS: Final = ("reminder_id", "user_id", "at", "what", "facts")
# The newest, should there be more than anybody reads.
ENTRIES = """
SELECT at, what, facts::text AS facts FROM reminders.timeline
 WHERE reminder_id = $1 ORDER BY id DESC LIMIT $2
"""
CARRIED = f"""
       delivery.id, delivery.kind, delivery.state, delivery.channel_kind, delivery.next_at,
       delivery.reason, delivery.created_at, delivery.finished_at, channel.name AS channel_name,
       delivery.channel_id = ANY(delivery.unreached) AS is_patient,
       CASE WHEN delivery.asked_at IS NULL THEN told.withdrawn_at END AS withdrawn_at,
       CASE WHEN delivery.asked_at IS NULL THEN told.withdrawn_for END AS withdrawn_for,
       (SELECT at FROM reminders.attempts WHERE delivery_id = delivery.id
         ORDER BY number DESC LIMIT 1) AS last_at,
       told.withdrawn_at AS left_out_at, channel.is_on IS TRUE AND NOT {ENDED} AS is_on
"""  # noqa: S608 - made of constants
WITHDRAWN = """
max(withdrawn_for) AS withdrawn_for,
CASE WHEN bool_and(withdrawn_at IS NOT NULL) THEN max(withdrawn_at) END AS withdrawn_at
"""
DELIVERIES = f"""
SELECT {CARRIED}
  FROM (
         SELECT delivery_id, {WITHDRAWN}
           FROM reminders.told WHERE reminder_id = $1 GROUP BY delivery_id
       ) AS told
  JOIN reminders.deliveries AS delivery ON delivery.id = told.delivery_id
  LEFT JOIN reminders.channels AS channel ON channel.id = delivery.channel_id
 ORDER BY delivery.created_at DESC, delivery.id LIMIT $2
"""  # noqa: S608 - made of constants
# What was forgotten has no timeline any more.
OF_DELIVERY = f"""
SELECT told.reminder_id, {CARRIED}
  FROM (
         SELECT reminder_id, {WITHDRAWN}
           FROM reminders.told WHERE delivery_id = $1 GROUP BY reminder_id
       ) AS told
  JOIN reminders.reminders AS reminder ON reminder.id = told.reminder_id
  JOIN reminders.deliveries AS delivery ON delivery.id = $1
  LEFT JOIN reminders.channels AS channel ON channel.id = delivery.channel_id
"""  # noqa: S608 - made of constants
# The newest, should there be more than anybody reads.
ATTEMPTS = """
SELECT attempt.*
  FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (id, place)
 CROSS JOIN LATERAL (
         SELECT delivery_id, channel_kind, channel_name, attempt, at, result, detail, latency_ms,
                next_at, number
           FROM reminders.attempts WHERE delivery_id = wanted.id ORDER BY number DESC LIMIT $2
       ) AS attempt
 ORDER BY wanted.place DESC, attempt.number DESC LIMIT $2
"""
MOST: Final = 500
MOST_ATTEMPTS: Final = 1_000


async def append(transaction: Transaction, entries: Sequence[Entry]) -> None:
    """Write down what happened, in its order."""
    if entries:
        await transaction.copy("reminders.timeline", COLUMNS, [_row(entry) for entry in entries])


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


async def of_delivery(transaction: Transaction, delivery_id: UUID) -> list[tuple[UUID, Carried]]:
    """The reminders that a delivery tells of, and where it stands for each."""
    rows = await transaction.rows(OF_DELIVERY, delivery_id)
    return [(row[0], Carried(*row[1:])) for row in map(tuple, rows)]


async def attempts(transaction: Transaction, delivery_ids: Sequence[UUID]) -> list[Attempt]:
    """The attempts at some deliveries, in the order of these, those of each in their own."""
    rows = await transaction.rows(ATTEMPTS, list(delivery_ids), MOST_ATTEMPTS)
    return [Attempt(*row) for row in reversed(rows)]
