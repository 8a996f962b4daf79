"""What is due in the table: taken by one worker, and marked as it leaves it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Digest
from taskflow.services.reminder.catch_up import Due, Fired
from taskflow.services.reminder.scheduler import Standing

_DUE = """
SELECT due.id, due.user_id, due.task_id, due."offset", due.planned_at, due.fire_at,
       due.fired_at, due.nag_every_seconds, due.nag_times, due.nag_done, due.missed_at,
       task.task->>'priority' AS priority, task.task->>'due_date' AS due_date,
       task.version, task.correlation_id, task.traceparent, due.is_snoozed
  FROM (
    SELECT id, user_id, task_id, "offset", planned_at, fire_at, fired_at, nag_every_seconds,
           nag_times, nag_done, missed_at, fire_at IS NOT DISTINCT FROM snoozed_until AS is_snoozed
      FROM reminders.reminders
     WHERE {condition}
     ORDER BY fire_at LIMIT $2 FOR UPDATE SKIP LOCKED
  ) AS due
  JOIN reminders.tasks AS task ON task.task_id = due.task_id
 ORDER BY coalesce(due.missed_at, due.fire_at), due.id
"""
_IS_DUE = "status = 'pending' AND fire_at <= $1"
DUE = _DUE.format(condition=_IS_DUE)
# They are looked up one by one, whatever the statistics say: in a burst these are old, and all that
# is due would be looked through for each batch.
DUE_CLAIMED = _DUE.format(condition=f"id = ANY($3::uuid[]) AND ({_IS_DUE}) IS TRUE")
URGENT = """
SELECT task_id FROM reminders.tasks
 WHERE task_id = ANY($1::uuid[]) AND task->>'priority' = 'urgent'
"""
SENT = """
UPDATE reminders.reminders AS reminder
   SET status = 'sent', fired_at = $1, seen_at = NULL, late_by_seconds = fired.late_by_seconds,
       fire_at = coalesce(missed_at, fire_at), missed_at = NULL
  FROM unnest($2::uuid[], $3::integer[]) AS fired (id, late_by_seconds)
 WHERE reminder.id = fired.id
"""
NAGGING = """
UPDATE reminders.reminders AS reminder
   SET fire_at = following.at, fired_at = $1, seen_at = NULL,
       late_by_seconds = following.late_by_seconds, nag_done = following.number,
       missed_at = NULL, postponed_from = NULL
  FROM unnest($2::uuid[], $3::integer[], $4::timestamptz[], $5::integer[])
    AS following (id, late_by_seconds, at, number)
 WHERE reminder.id = following.id
"""
POSTPONE = """
UPDATE reminders.reminders AS reminder
   SET fire_at = postponed.until, missed_at = postponed.missed_at,
       postponed_from = coalesce(reminder.postponed_from, reminder.fire_at)
  FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[])
    AS postponed (id, until, missed_at)
 WHERE reminder.id = postponed.id
"""
# Counted up to a bound for each, so that one who missed very many holds nobody up.
MISSED = """
SELECT person.id AS user_id, counted.missed,
       coalesce(digest.open_until > $2 AND digest.open_until < $5, false) AS is_open
  FROM unnest($1::uuid[]) AS person (id)
 CROSS JOIN LATERAL (
         SELECT count(*) AS missed FROM (
           SELECT FROM reminders.reminders
            WHERE user_id = person.id AND status = 'pending' AND fire_at <= $2
              AND (fire_at < $3 OR missed_at < $3)
            LIMIT $4
         ) AS bounded
       ) AS counted
  LEFT JOIN reminders.digests AS digest ON digest.user_id = person.id
"""
# Rows are locked in the order of the users, so that two workers never wait for each other.
JOIN_DIGEST = """
INSERT INTO reminders.digests AS known (user_id, id, size, open_until)
SELECT user_id, id, size, $4
  FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS one (user_id, id, size)
 ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE
   SET id = CASE WHEN known.open_until > $5 AND known.open_until < $6 THEN known.id
                 ELSE EXCLUDED.id END,
       size = EXCLUDED.size
            + CASE WHEN known.open_until > $5 AND known.open_until < $6 THEN known.size
                   ELSE 0 END,
       open_until = EXCLUDED.open_until
RETURNING user_id, id, size
"""
# Nothing joins it any more, whatever the clock does. Locked in the same order as by who joins.
CLOSE_DIGESTS = """
UPDATE reminders.digests AS digest SET open_until = 'epoch'
  FROM (SELECT user_id FROM reminders.digests WHERE id = ANY($1::uuid[])
         ORDER BY user_id FOR NO KEY UPDATE) AS closed
 WHERE digest.user_id = closed.user_id
"""
# What is open for longer than this was opened by a clock that was wrong; two that are right may
# differ a little.
FAR: Final = timedelta(minutes=2)


class Missed(NamedTuple):
    """How many reminders somebody has missed, and whether a digest of theirs is being made."""

    number: int
    is_open: bool


class Joining(NamedTuple):
    """What somebody's digest is joined by.

    Attributes:
        id: Its id, where there is none yet.
        size: How many join it.
        missed: How many were missed in all, as far as is known.
    """

    id: UUID
    size: int
    missed: int


async def lock(
    transaction: Transaction, now: datetime, limit: int, ids: Collection[UUID] | None = None
) -> list[Due]:
    """What is due, the earliest first, locked until the end; what another has is passed over.

    Args:
        transaction: Where it is to be marked, too.
        now: What is due by now.
        limit: So many at most.
        ids: Only of these.
    """
    if ids is None:
        rows: list[Any] = await transaction.rows(DUE, now, limit)
    else:
        rows = await transaction.rows(DUE_CLAIMED, now, limit, list(ids))
    return [_due(row) for row in rows]


def _due(row: Any) -> Due:
    (identity, user_id, task_id, offset), standing, known = row[:4], row[4:11], row[11:]
    planned_at, fire_at, fired_at, every, times, done, missed_at = standing
    nagging = (every, times, done)
    found = Standing(planned_at, fire_at, "pending", None, fired_at, None, *nagging, missed_at)
    return Due(identity, user_id, task_id, offset, found, *known)


async def urgent(transaction: Transaction, task_ids: Collection[UUID]) -> set[UUID]:
    """Which of these tasks are urgent by now.

    Whoever changes one locks its reminders after that: of what is locked here, either the change is
    seen now, or who makes it has yet to see what becomes of the reminder.
    """
    return {row[0] for row in await transaction.rows(URGENT, list(task_ids))}


async def mark(transaction: Transaction, fired: Sequence[Fired], now: datetime) -> None:
    """Mark what fires as sent, or as pending until it nags again."""
    sent = [(one.due.id, one.late_by_seconds) for one in fired if one.following is None]
    if sent:
        await transaction.execute(SENT, now, *_columns(sent))
    nagging = [
        (one.due.id, one.late_by_seconds, one.following.at, one.following.number)
        for one in fired
        if one.following is not None
    ]
    if nagging:
        await transaction.execute(NAGGING, now, *_columns(nagging))


def _columns(rows: Sequence[tuple[object, ...]]) -> Iterator[list[object]]:
    return (list(column) for column in zip(*rows, strict=True))


async def postpone(
    transaction: Transaction, times: Mapping[UUID, datetime], missed: Mapping[UUID, datetime]
) -> None:
    """Let what is due wait until another time.

    Args:
        transaction: The one that it was locked in.
        times: Until when each waits.
        missed: When those should have come that were missed already: they are late still.
    """
    if times:
        late = [missed.get(one) for one in times]
        await transaction.execute(POSTPONE, list(times), list(times.values()), late)


async def missed(
    transaction: Transaction,
    user_ids: Collection[UUID],
    now: datetime,
    before: datetime,
    most: int,
) -> dict[UUID, Missed]:
    """How many of each that are due should have come before an instant, counted up to a bound."""
    far = now + FAR
    rows: list[Any] = await transaction.rows(MISSED, list(user_ids), now, before, most, far)
    return {row["user_id"]: Missed(row["missed"], row["is_open"]) for row in rows}


async def join_digests(
    transaction: Transaction, joining: Mapping[UUID, Joining], now: datetime, until: datetime
) -> dict[UUID, Digest]:
    """Where what joins now begins in each person's digest; opens one where none is open.

    Whoever joins the same one waits until this transaction ends.

    Args:
        transaction: In which they fire.
        joining: What joins, by person.
        now: The time.
        until: How long more may join.
    """
    ids, sizes = [one.id for one in joining.values()], [one.size for one in joining.values()]
    times = (until, now, now + FAR)
    rows: list[Any] = await transaction.rows(JOIN_DIGEST, list(joining), ids, sizes, *times)
    found = {}
    for user_id, identity, size in rows:
        one = joining[user_id]
        found[user_id] = Digest(identity, size - one.size + 1, max(one.missed, size))
    return found


async def close_digests(transaction: Transaction, ids: Collection[UUID]) -> None:
    """Let nothing join these digests any more."""
    if ids:
        await transaction.execute(CLOSE_DIGESTS, list(ids))
