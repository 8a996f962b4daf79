"""Whose turn it is: claims what is due by a kind of channel, a fair share of it to each.

A delivery is claimed for a while; whoever claims it may be killed, and then somebody else does. Of
what is due, what a channel or a person has enough of on its way waits for them alone: receivers
that never answer hold up nobody else's reminders. Each claim counts what it sees: several replicas
that claim at one moment may each give out a share.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from taskflow.db.transaction import Transaction
from taskflow.services.reminder.due import close_digests
from taskflow.services.reminder.lifecycle import Course, Way
from taskflow.services.reminder.retries import LONGEST_WISH

MOST_OF_A_CHANNEL: Final = 2
MOST_OF_A_PERSON: Final = 3
# So many times as much is looked at as there is room for, to find what others wait for too.
CANDIDATES: Final = 8
# Longer than a lease, a pause between attempts and a digest's patience.
LONGEST_WAIT: Final = LONGEST_WISH + timedelta(minutes=15)
# By how much the clocks of two replicas may differ.
UNLIKE: Final = timedelta(minutes=1)
ABANDONED_DETAIL: Final = "the process ended before the result was known; it may have been sent"

# What is to be tried later than anything ever is was planned by a clock that was wrong, as was what
# begins in the future: it begins now.
CLAIM = """
WITH busy AS MATERIALIZED (
  SELECT channel_id, user_id FROM reminders.deliveries
   WHERE channel_kind = $1 AND state = 'claimed' AND next_at > $2 AND next_at <= $6
),
due AS (
  SELECT id, state, channel_id, user_id, next_at FROM reminders.deliveries
   WHERE channel_kind = $1 AND state IN ('waiting', 'claimed')
     AND (next_at <= $2 OR next_at > $6 OR (state = 'waiting' AND created_at > $10))
     AND channel_id NOT IN (SELECT channel_id FROM busy GROUP BY 1 HAVING count(*) >= $7)
     AND user_id NOT IN (SELECT user_id FROM busy GROUP BY 1 HAVING count(*) >= $8)
   ORDER BY next_at LIMIT $9 FOR UPDATE SKIP LOCKED
),
placed AS (
  SELECT id, state, next_at,
         row_number() OVER (PARTITION BY channel_id ORDER BY next_at, id)
           + (SELECT count(*) FROM busy WHERE busy.channel_id = due.channel_id) AS of_channel,
         row_number() OVER (PARTITION BY user_id ORDER BY next_at, id)
           + (SELECT count(*) FROM busy WHERE busy.user_id = due.user_id) AS of_person
    FROM due
),
chosen AS (
  SELECT id, state FROM placed WHERE of_channel <= $7 AND of_person <= $8
   ORDER BY next_at LIMIT $3
)
UPDATE reminders.deliveries AS delivery
   SET state = 'claimed', claim = $4, next_at = $5, since = least(delivery.since, $2),
       created_at = least(delivery.created_at, $2), attempt = delivery.attempt + 1,
       attempts = delivery.attempts + 1
  FROM chosen WHERE delivery.id = chosen.id
RETURNING delivery.id, delivery.user_id, delivery.kind, delivery.channel_id, delivery.channel_kind,
          delivery.attempt, delivery.attempts, delivery.since, delivery.tried, delivery.next_at,
          delivery.unreached, coalesce(delivery.asked_at, delivery.created_at) AS began_at,
          chosen.state = 'claimed' AS was_claimed
"""
# Whoever had claimed it may have sent it, and did not live to say so.
ABANDONED = """
INSERT INTO reminders.attempts
SELECT delivery.id, delivery.attempts - 1, delivery.channel_id, delivery.channel_kind,
       coalesce(channel.name, ''), delivery.attempt - 1, $2, 'unknown', $3, NULL, NULL
  FROM reminders.deliveries AS delivery
  LEFT JOIN reminders.channels AS channel ON channel.id = delivery.channel_id
 WHERE delivery.id = ANY($1::uuid[])
ON CONFLICT (delivery_id, number) DO NOTHING
"""
# Nobody was asked to send it: the attempt is none.
GIVE_BACK = """
UPDATE reminders.deliveries AS delivery
   SET state = 'waiting', next_at = $4, claim = NULL,
       attempt = delivery.attempt - 1, attempts = delivery.attempts - 1,
       since = CASE WHEN delivery.attempt > 1 THEN delivery.since END
  FROM unnest($2::uuid[], $3::uuid[]) AS unbegun (mark, id)
 WHERE delivery.channel_kind = $1 AND delivery.state = 'claimed'
   AND delivery.claim = unbegun.mark AND delivery.id = coalesce(unbegun.id, delivery.id)
"""
# What is due and waits for its own channel or person is looked for when one of theirs ends.
NEXT = """
WITH busy AS MATERIALIZED (
  SELECT channel_id, user_id FROM reminders.deliveries
   WHERE channel_kind = $1 AND state = 'claimed' AND next_at > $2
)
SELECT next_at FROM reminders.deliveries
 WHERE channel_kind = $1 AND state IN ('waiting', 'claimed')
   AND (next_at > $2
        OR channel_id NOT IN (SELECT channel_id FROM busy GROUP BY 1 HAVING count(*) >= $3)
           AND user_id NOT IN (SELECT user_id FROM busy GROUP BY 1 HAVING count(*) >= $4))
 ORDER BY next_at LIMIT 1
"""


class Claimed(NamedTuple):
    """A delivery that is this worker's for a while.

    Attributes:
        number: Which attempt at it this is, over all channels.
        mark: What tells this claim from a later one.
    """

    id: UUID
    user_id: UUID
    kind: str
    course: Course
    number: int
    mark: UUID


class Unbegun(NamedTuple):
    """A claim that came to nothing before anything was sent.

    Attributes:
        mark: The claim's.
        id: Of the delivery; None for all of the claim, should it have been made.
    """

    mark: UUID
    id: UUID | None


async def give_back(
    transaction: Transaction, kind: str, unbegun: Collection[Unbegun], now: datetime
) -> None:
    """Let what was claimed and not begun be claimed as if it had not been."""
    if unbegun:
        marks, ids = zip(*unbegun, strict=True)
        await transaction.execute(GIVE_BACK, kind, list(marks), list(ids), now)


async def claim(
    transaction: Transaction, kind: str, now: datetime, until: datetime, limit: int, mark: UUID
) -> list[Claimed]:
    """Claim some of what is due by a kind of channel, and what a claim has lapsed of."""
    shares = (MOST_OF_A_CHANNEL, MOST_OF_A_PERSON, CANDIDATES * limit)
    bounds = (now, limit, mark, until, now + LONGEST_WAIT)
    rows: list[Any] = await transaction.rows(CLAIM, kind, *bounds, *shares, now + UNLIKE)
    await close_digests(transaction, [row["id"] for row in rows if row["kind"] == "digest"])
    if lapsed := [row["id"] for row in rows if row["was_claimed"]]:
        await transaction.execute(ABANDONED, lapsed, now, ABANDONED_DETAIL)
    return [_claimed(row, mark) for row in rows]


def _claimed(row: Any, mark: UUID) -> Claimed:
    way = Way(row["channel_id"], row["channel_kind"])
    tried = tuple(row["tried"])
    course = Course(
        "claimed", way, row["attempt"], row["since"], tried, row["next_at"], None,
        tuple(row["unreached"]), row["began_at"],
    )  # fmt: skip
    return Claimed(row["id"], row["user_id"], row["kind"], course, row["attempts"], mark)


async def next_time(transaction: Transaction, kind: str, now: datetime) -> datetime | None:
    """When something is to be done next by a kind of channel, as far as its turn can come."""
    shares = (MOST_OF_A_CHANNEL, MOST_OF_A_PERSON)
    found: datetime | None = await transaction.value(NEXT, kind, now, *shares)
    return found
