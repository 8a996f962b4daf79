"""The tables of deliveries: what is to go out by channels beside the page, and what became of it.

`claims.py` says whose turn it is.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from taskflow.db.transaction import Transaction
from taskflow.services.reminder.catch_up import Fired
from taskflow.services.reminder.claims import Claimed
from taskflow.services.reminder.lifecycle import Course, Result, Way
from taskflow.services.reminder.scheduler import COMPLETED, DELETED

BELL: Final = "deliveries"
BEGIN = """
INSERT INTO reminders.deliveries
  (id, user_id, task_id, kind, state, channel_id, channel_kind, next_at, created_at)
SELECT id, user_id, task_id, kind, 'waiting', channel_id, channel_kind, next_at, $8
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[],
              $7::timestamptz[])
    AS begun (id, user_id, task_id, kind, channel_id, channel_kind, next_at)
 ORDER BY id
ON CONFLICT (id) DO NOTHING
"""
BEGUN = "SELECT id FROM reminders.deliveries WHERE id = ANY($1::uuid[])"
# Whoever claims a digest closes it under the same transaction's lock, so nobody who joins it may
# wait for that: what is claimed just now is not put off.
PUT_OFF = """
UPDATE reminders.deliveries AS delivery SET next_at = joined.next_at
  FROM (
    SELECT known.id, given.next_at
      FROM unnest($1::uuid[], $2::timestamptz[]) AS given (id, next_at)
      JOIN reminders.deliveries AS known ON known.id = given.id
     WHERE known.state = 'waiting' AND known.attempts = 0 AND known.next_at <> given.next_at
       FOR UPDATE OF known SKIP LOCKED
  ) AS joined
 WHERE delivery.id = joined.id
"""
TELL = """
INSERT INTO reminders.told (delivery_id, reminder_id, fire_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[])
ON CONFLICT DO NOTHING
"""
NOTE = """
INSERT INTO reminders.attempts AS known
SELECT id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
  FROM reminders.deliveries WHERE id = $1
ON CONFLICT (delivery_id, number) DO UPDATE
   SET at = EXCLUDED.at, result = EXCLUDED.result, detail = EXCLUDED.detail,
       latency_ms = EXCLUDED.latency_ms, next_at = EXCLUDED.next_at
"""
# What a receiver has taken is delivered, whoever else may have claimed it since; but for what its
# owner has asked for since then.
SETTLE = """
UPDATE reminders.deliveries
   SET state = $3, channel_id = $4, channel_kind = $5, attempt = $6, since = $7, tried = $8,
       next_at = $9, reason = $10, finished_at = $11, unreached = $12, claim = NULL
 WHERE id = $1 AND state IN ('waiting', 'claimed')
   AND (claim = $2 OR $3 = 'delivered' AND coalesce(asked_at, created_at) = $13)
"""
# What its owner asked for once more goes out, whatever has become of the task.
STOP_TASKS = """
UPDATE reminders.deliveries SET state = 'stopped', reason = $2, finished_at = $3
 WHERE task_id = ANY($1::uuid[]) AND kind = 'reminder' AND state = 'waiting' AND asked_at IS NULL
"""
STOP_REMINDERS = """
UPDATE reminders.deliveries AS delivery
   SET state = 'stopped', reason = given.reason, finished_at = $3
  FROM unnest($1::uuid[], $2::text[]) AS given (reminder_id, reason)
  JOIN reminders.told AS told ON told.reminder_id = given.reminder_id
 WHERE delivery.id = told.delivery_id
   AND kind = 'reminder' AND state = 'waiting' AND asked_at IS NULL
"""
# What is being sent just now, or waits to be told with others, stays: it is no part of what is
# sent from here on.
WITHDRAW = """
UPDATE reminders.told AS told SET withdrawn_at = $3, withdrawn_for = given.reason
  FROM unnest($1::uuid[], $2::text[]) AS given (reminder_id, reason), reminders.deliveries
 WHERE told.reminder_id = given.reminder_id AND told.withdrawn_at IS NULL
   AND deliveries.id = told.delivery_id AND deliveries.asked_at IS NULL
   AND deliveries.state IN ('waiting', 'claimed')
"""
# A digest that is being sent goes out without what was withdrawn from it; a reminder of its own is
# tried again.
RESUME = """
UPDATE reminders.deliveries AS delivery
   SET state = 'waiting', reason = NULL, finished_at = NULL
  FROM reminders.told AS told
  JOIN reminders.reminders AS reminder ON reminder.id = told.reminder_id
 WHERE told.reminder_id = ANY($1::uuid[]) AND reminder.seen_at IS NULL
   AND delivery.id = told.delivery_id AND kind = 'reminder' AND state = 'stopped'
   AND asked_at IS NULL AND delivery.reason = ANY($2::text[]) AND finished_at > $3
RETURNING delivery.channel_kind
"""
RETURN = """
UPDATE reminders.told AS told SET withdrawn_at = NULL, withdrawn_for = NULL
  FROM reminders.deliveries AS delivery, reminders.reminders AS reminder
 WHERE told.reminder_id = ANY($1::uuid[]) AND withdrawn_for = ANY($2::text[])
   AND withdrawn_at > $3 AND reminder.id = told.reminder_id AND reminder.seen_at IS NULL
   AND delivery.id = told.delivery_id
   AND (state = 'waiting' OR state = 'claimed' AND kind = 'reminder')
"""
# A digest that others may join goes out when it was to.
FREE = """
UPDATE reminders.deliveries AS delivery SET next_at = $4
  FROM (
    SELECT id FROM reminders.deliveries AS found
     WHERE channel_kind = $1 AND user_id = $2 AND channel_id = $3
       AND state = 'waiting' AND next_at > $4
       AND NOT EXISTS (SELECT FROM reminders.digests AS digest
                        WHERE digest.user_id = $2 AND digest.id = found.id AND open_until > $4)
       FOR NO KEY UPDATE SKIP LOCKED
  ) AS freed
 WHERE delivery.id = freed.id
"""
WAITING = """
SELECT count(*) AS waiting, min(created_at) FILTER (WHERE NOT is_patient) AS oldest
  FROM (SELECT created_at, channel_id = ANY(unreached) AS is_patient FROM reminders.deliveries
         WHERE state IN ('waiting', 'claimed') LIMIT $1) AS counted
"""
PRUNE = """
DELETE FROM reminders.deliveries WHERE id = ANY(ARRAY(
  SELECT id FROM reminders.deliveries WHERE finished_at < $1 ORDER BY finished_at LIMIT $2))
"""
# Whoever reopens a task so soon has closed it by mistake.
UNDOING: Final = timedelta(minutes=10)
MOST_COUNTED: Final = 10_000


class Begun(NamedTuple):
    """What is to be told by a channel; several of one id are told of together.

    Attributes:
        next_at: When it is to go out.
    """

    id: UUID
    fired: Fired
    way: Way
    next_at: datetime


class Outcome(NamedTuple):
    """What came of an attempt.

    Attributes:
        name: What the person calls the channel.
        latency: How long the receiver took; None where nothing was sent.
        is_ours: Whether we broke it off, so that it says nothing of the channel.
        address: Where it was sent, for its owner may lead the channel elsewhere meanwhile.
    """

    name: str
    at: datetime
    result: Result
    detail: str
    latency: timedelta | None
    is_ours: bool = False
    address: Mapping[str, Any] | None = None


async def begin(transaction: Transaction, begun: Sequence[Begun], now: datetime) -> None:
    """Have these told, and wake who tells them after the commit."""
    if not begun:
        return
    fresh = {one.id: _fresh(one) for one in begun}
    for name in await _joined(transaction, begun):
        del fresh[name]
    if fresh:
        await transaction.execute(BEGIN, *_columns(list(fresh.values())), now)
    told = [(one.id, one.fired.due.id, one.fired.due.fire_at) for one in begun]
    await transaction.execute(TELL, *_columns(told))
    for kind in {one.way.kind for one in begun}:
        transaction.ring(f"{BELL} {kind}")


async def _joined(transaction: Transaction, begun: Sequence[Begun]) -> list[UUID]:
    """The digests among them that were begun before, which wait a little longer now.

    Not even to insert one of them again would do: that waits for whoever claims it, too.
    """
    digests = {one.id: one.next_at for one in begun if one.fired.digest}
    if not digests:
        return []
    found = [row[0] for row in await transaction.rows(BEGUN, list(digests))]
    await transaction.execute(PUT_OFF, found, [digests[name] for name in found])
    return found


def _fresh(begun: Begun) -> tuple[object, ...]:
    due, way = begun.fired.due, begun.way
    if begun.fired.digest is not None:
        return begun.id, due.user_id, None, "digest", way.id, way.kind, begun.next_at
    return begun.id, due.user_id, due.task_id, "reminder", way.id, way.kind, begun.next_at


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def settle(
    transaction: Transaction,
    claimed: Claimed,
    outcome: Outcome | None,
    course: Course,
    now: datetime,
) -> None:
    """Write down what came of an attempt, and what follows; wakes who goes on with it.

    Whoever locks the channel too does so before.

    Args:
        transaction: Not the one of the claim: the attempt was in between, and in none.
        claimed: What was attempted.
        outcome: What came of it; None where nothing was attempted.
        course: Where the delivery stands now.
        now: The time.
    """
    if outcome is not None:
        before, next_at = claimed.course, None if course.is_over else course.next_at
        tried = (claimed.number, before.way.id, before.way.kind, outcome.name, before.attempt)
        latency = None if outcome.latency is None else round(outcome.latency.total_seconds() * 1e3)
        said = (outcome.at, outcome.result, outcome.detail, latency, next_at)
        await transaction.execute(NOTE, claimed.id, *tried, *said)
    finished_at = now if course.is_over else None
    way = (course.way.id, course.way.kind, course.attempt, course.since, list(course.tried))
    then = (course.next_at, course.reason, finished_at, list(course.unreached))
    mine = (claimed.id, claimed.mark, course.state)
    await transaction.execute(SETTLE, *mine, *way, *then, claimed.course.began_at)
    if not course.is_over:
        transaction.ring(f"{BELL} {course.way.kind}")


async def stop_tasks(
    transaction: Transaction, task_ids: Collection[UUID], reason: str, now: datetime
) -> None:
    """Send nothing of these tasks any more; what is being sent at the moment still goes out."""
    await transaction.execute(STOP_TASKS, list(task_ids), reason, now)


async def withdraw(transaction: Transaction, reasons: Mapping[UUID, str], now: datetime) -> None:
    """Tell of what has fired of these reminders no more, but for what is being sent.

    Args:
        transaction: Where its owner's reaction is written down.
        reasons: Why, by reminder.
        now: The time.
    """
    if reasons:
        withdrawn = (list(reasons), list(reasons.values()), now)
        await transaction.execute(WITHDRAW, *withdrawn)
        await transaction.execute(STOP_REMINDERS, *withdrawn)


async def resume(transaction: Transaction, reminder_ids: Collection[UUID], now: datetime) -> None:
    """Tell after all of what closing the task has stopped a moment ago, unless it was seen.

    Args:
        transaction: Where it is noted that the task is open.
        reminder_ids: Of the task.
        now: The time.
    """
    if not reminder_ids:
        return
    stopped = (list(reminder_ids), [COMPLETED, DELETED], now - UNDOING)
    kinds = {row[0] for row in await transaction.rows(RESUME, *stopped)}
    await transaction.execute(RETURN, *stopped)
    for kind in kinds:
        transaction.ring(f"{BELL} {kind}")


async def free(transaction: Transaction, user_id: UUID, way: Way, now: datetime) -> None:
    """Let what waits for a channel that is off or gone wait no more: another one takes over.

    What is being sent by it is seen to by whoever writes down what came of that: the channel is
    locked by the transaction, as it is by theirs.
    """
    if await transaction.execute(FREE, way.kind, user_id, way.id, now):
        transaction.ring(f"{BELL} {way.kind}")


async def waiting(transaction: Transaction) -> tuple[int, datetime | None]:
    """How many deliveries are not over, counted up to a bound, and when the oldest began.

    One that waits for channels that could not be reached is not among the oldest.
    """
    row: Any = await transaction.row(WAITING, MOST_COUNTED)
    return row["waiting"], row["oldest"]


async def prune(transaction: Transaction, before: datetime, limit: int) -> int:
    """Forget some deliveries that were over before an instant; returns how many."""
    return await transaction.execute(PRUNE, before, limit)
