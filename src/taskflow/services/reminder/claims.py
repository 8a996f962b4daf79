"""Whose turn it is: claims what is due by a kind of channel, a fair share of it to each.

A delivery is claimed for a while; whoever claims it may be killed, and then somebody else does. Of
what is due, what a channel or a person has enough of on its way waits for them alone: receivers
that never answer hold up nobody else's reminders. Those that took long at last share half of the
places, and whoever has the least on its way comes first: many slow ones hold up no quick one for
longer than it takes until they are known to be slow. Each claim counts what it sees: several
replicas that claim at one moment may each give out a share.
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
# Half of a courier's places: the others are for channels that did not take long at last.
MOST_OF_THE_SLOW: Final = 4
# So many people who wait are looked at, beside those who have waited longest.
PEOPLE: Final = 1_000
# So many times as much is looked at as there is room for, to find what others wait for too.
CANDIDATES: Final = 8
# Longer than a lease, a pause between attempts and a digest's patience.
LONGEST_WAIT: Final = LONGEST_WISH + timedelta(minutes=15)
# By how much the clocks of two replicas may differ.
UNLIKE: Final = timedelta(minutes=1)
ABANDONED_DETAIL: Final = "the process ended before the result was known; it may have been sent"

# What is to be tried later than anything ever is was planned by a clock that was wrong, as was what
# begins in the future: it begins now.
_DUE: Final = """state IN ('waiting', 'claimed')
       AND (next_at <= $2 OR next_at > $3 OR (state = 'waiting' AND created_at > $11))"""
# What is on its way, and who has enough of it. A claim that holds for longer than any does is of a
# clock that was wrong.
_FULL: Final = """
slow AS MATERIALIZED (
  SELECT id FROM reminders.channels WHERE kind = $1 AND is_slow
),
busy AS MATERIALIZED (
  SELECT channel_id, user_id, channel_id IN (SELECT id FROM slow) AS is_slow
    FROM reminders.deliveries
   WHERE channel_kind = $1 AND state = 'claimed' AND next_at > $2 AND next_at <= $3
),
full_channels AS MATERIALIZED (
  SELECT channel_id FROM busy GROUP BY 1 HAVING count(*) >= $4
   UNION
  SELECT id FROM slow WHERE (SELECT count(*) FROM busy WHERE is_slow) >= $6
),
full_people AS MATERIALIZED (SELECT user_id FROM busy GROUP BY 1 HAVING count(*) >= $5)"""
# Of whom many wait, nobody hides the others: people are found one by one, and the oldest anyway.
_PEOPLE: Final = f"""
waiting AS (
  (SELECT user_id FROM reminders.deliveries
    WHERE channel_kind = $1 AND state IN ('waiting', 'claimed') ORDER BY user_id LIMIT 1)
   UNION ALL
  SELECT (SELECT following.user_id FROM reminders.deliveries AS following
           WHERE following.channel_kind = $1 AND following.state IN ('waiting', 'claimed')
             AND following.user_id > waiting.user_id
           ORDER BY following.user_id LIMIT 1)
    FROM waiting WHERE waiting.user_id IS NOT NULL
),
people AS (
  (SELECT user_id FROM waiting WHERE user_id IS NOT NULL LIMIT $12)
   UNION
  (SELECT user_id FROM (
     SELECT user_id FROM reminders.deliveries
      WHERE channel_kind = $1 AND {_DUE}
        AND channel_id NOT IN (SELECT channel_id FROM full_channels)
        AND user_id NOT IN (SELECT user_id FROM full_people)
      ORDER BY next_at LIMIT $10) AS oldest)
)"""  # noqa: S608 - of constants alone
# A share of what is due for each, those first who have the fewest on their way.
_FAIR: Final = f"""
due AS (
  SELECT found.*, found.channel_id IN (SELECT id FROM slow) AS is_slow
    FROM people CROSS JOIN LATERAL (
      SELECT id, channel_id, user_id, next_at FROM reminders.deliveries
       WHERE channel_kind = $1 AND user_id = people.user_id AND {_DUE}
         AND channel_id NOT IN (SELECT channel_id FROM full_channels)
       ORDER BY next_at LIMIT $5) AS found
   WHERE people.user_id NOT IN (SELECT user_id FROM full_people)
),
placed AS (
  SELECT id, next_at, is_slow,
         row_number() OVER (PARTITION BY channel_id ORDER BY next_at, id)
           + (SELECT count(*) FROM busy WHERE busy.channel_id = due.channel_id) AS of_channel,
         row_number() OVER (PARTITION BY user_id ORDER BY next_at, id)
           + (SELECT count(*) FROM busy WHERE busy.user_id = due.user_id) AS of_person
    FROM due
),
fair AS (
  SELECT id, next_at, of_person, is_slow,
         row_number() OVER (PARTITION BY is_slow ORDER BY of_person, next_at, id) AS of_pace
    FROM placed WHERE of_channel <= $4 AND of_person <= $5
),
candidates AS MATERIALIZED (
  SELECT id, of_person, next_at FROM fair
   WHERE NOT is_slow OR of_pace + (SELECT count(*) FROM busy WHERE busy.is_slow) <= $6
   ORDER BY of_person, next_at LIMIT $10
)"""  # noqa: S608 - of constants alone
# Whoever claims at the same moment has the next. The lock is none that whoever adds to a digest
# would wait for: who claims it then waits for them.
CLAIM: Final = f"""
WITH RECURSIVE {_FULL}, {_PEOPLE}, {_FAIR},
chosen AS (
  SELECT delivery.id, delivery.state, delivery.next_at
    FROM candidates JOIN reminders.deliveries AS delivery ON delivery.id = candidates.id
   WHERE {_DUE.replace("state", "delivery.state").replace("next_at", "delivery.next_at")}
   ORDER BY candidates.of_person, candidates.next_at LIMIT $7
     FOR NO KEY UPDATE OF delivery SKIP LOCKED
)
UPDATE reminders.deliveries AS delivery
   SET state = 'claimed', claim = $8, next_at = $9, since = least(delivery.since, $2),
       created_at = least(delivery.created_at, $2), attempt = delivery.attempt + 1,
       attempts = delivery.attempts + 1
  FROM chosen WHERE delivery.id = chosen.id
RETURNING delivery.id, delivery.user_id, delivery.kind, delivery.channel_id, delivery.channel_kind,
          delivery.attempt, delivery.attempts, delivery.since, delivery.tried, delivery.next_at,
          delivery.unreached, coalesce(delivery.asked_at, delivery.created_at) AS began_at,
          CASE WHEN chosen.state = 'claimed' THEN chosen.next_at END AS lapsed_at
"""  # noqa: S608 - of constants alone
# Whoever had claimed it may have sent it, and did not live to say so: it was when they claimed it.
ABANDONED = """
INSERT INTO reminders.attempts
SELECT delivery.id, delivery.attempts - 1, delivery.channel_id, delivery.channel_kind,
       coalesce(channel.name, ''), delivery.attempt - 1, lapsed.began_at, 'unknown', $3, NULL, NULL
  FROM unnest($1::uuid[], $2::timestamptz[]) AS lapsed (id, began_at)
  JOIN reminders.deliveries AS delivery ON delivery.id = lapsed.id
  LEFT JOIN reminders.channels AS channel ON channel.id = delivery.channel_id
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
# Whoever slept with its machine, was stopped or had its clock set back goes on with what it was
# sending.
HOLD: Final = """
UPDATE reminders.deliveries AS delivery SET next_at = $4
  FROM (
    SELECT known.id FROM unnest($1::uuid[], $2::uuid[]) AS begun (id, mark)
      JOIN reminders.deliveries AS known ON known.id = begun.id
     WHERE known.state = 'claimed' AND known.claim = begun.mark
       AND (known.next_at <= $3 OR known.next_at > $4)
       FOR NO KEY UPDATE OF known SKIP LOCKED
  ) AS held
 WHERE delivery.id = held.id
"""
# What is due and waits for its own channel or person is looked for when one of theirs ends.
NEXT: Final = f"""
WITH {_FULL}
SELECT next_at FROM reminders.deliveries
 WHERE channel_kind = $1 AND state IN ('waiting', 'claimed')
   AND (next_at > $2
        OR channel_id NOT IN (SELECT channel_id FROM full_channels)
           AND user_id NOT IN (SELECT user_id FROM full_people))
 ORDER BY next_at LIMIT 1
"""  # noqa: S608 - of constants alone
SENDINGS = """
SELECT count(*) FROM reminders.attempts
 WHERE delivery_id = $1 AND channel_id = $2 AND number < $3 AND at >= $4
"""
KEEP_PACE = "UPDATE reminders.channels SET is_slow = $2 WHERE id = $1 AND is_slow <> $2"


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


async def hold(
    transaction: Transaction, begun: Collection[Claimed], now: datetime, until: datetime
) -> None:
    """Hold for a while longer what is being sent, unless somebody has it by now.

    That is what has lapsed, and what is held for longer than anything: a clock was set back.
    """
    if begun:
        ids, marks = [one.id for one in begun], [one.mark for one in begun]
        await transaction.execute(HOLD, ids, marks, now, until)


async def claim(
    transaction: Transaction, kind: str, now: datetime, until: datetime, limit: int, mark: UUID
) -> list[Claimed]:
    """Claim some of what is due by a kind of channel, and what a claim has lapsed of."""
    mine, bounds = (limit, mark, until), (CANDIDATES * limit, now + UNLIKE, PEOPLE)
    rows: list[Any] = await transaction.rows(CLAIM, kind, now, *_full(now), *mine, *bounds)
    await close_digests(transaction, [row["id"] for row in rows if row["kind"] == "digest"])
    # All claims hold for as long; where a clock was wrong, none was made later than now.
    lease = until - now
    if lapsed := {row["id"]: row["lapsed_at"] for row in rows if row["lapsed_at"] is not None}:
        began_at = [min(at - lease, now) for at in lapsed.values()]
        await transaction.execute(ABANDONED, list(lapsed), began_at, ABANDONED_DETAIL)
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
    found: datetime | None = await transaction.value(NEXT, kind, now, *_full(now))
    return found


def _full(now: datetime) -> tuple[datetime, int, int, int]:
    """From when on a claim was never made, and how much is enough."""
    return now + LONGEST_WAIT, MOST_OF_A_CHANNEL, MOST_OF_A_PERSON, MOST_OF_THE_SLOW


async def sendings(transaction: Transaction, claimed: Claimed) -> int:
    """How often a delivery was sent by its channel before, since it was begun or asked for."""
    way, began_at = claimed.course.way, claimed.course.began_at
    found = (claimed.id, way.id, claimed.number, began_at)
    return int(await transaction.value(SENDINGS, *found) or 0)


async def keep_pace(transaction: Transaction, channel_id: UUID, *, is_slow: bool) -> None:
    """Write down whether a channel took long to answer, for its share from here on."""
    await transaction.execute(KEEP_PACE, channel_id, is_slow)
