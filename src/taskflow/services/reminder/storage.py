"""The tables of reminders."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import msgspec

from taskflow.base import cursors
from taskflow.base.errors import NotFound
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskEvent, TaskState
from taskflow.inbox.erased import removal, remove_some
from taskflow.services.reminder.scheduler import Plan, Standing

Status = Literal["pending", "sent", "acknowledged", "cancelled"]

# An older event changes nothing: the row's own version is the gate.
NOTE = """
INSERT INTO reminders.tasks AS known
  (task_id, version, event_id, correlation_id, task, closed, closed_at, traceparent)
SELECT * FROM unnest($1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::jsonb[], $6::text[],
                     $7::timestamptz[], $8::text[])
ON CONFLICT (task_id) DO UPDATE
   SET version = EXCLUDED.version, event_id = EXCLUDED.event_id,
       correlation_id = EXCLUDED.correlation_id, task = EXCLUDED.task, closed = EXCLUDED.closed,
       closed_at = EXCLUDED.closed_at, traceparent = EXCLUDED.traceparent
 WHERE known.version < EXCLUDED.version
RETURNING task_id
"""
CLOSED = "SELECT closed FROM reminders.tasks WHERE task_id = $1"
STANDINGS = """
SELECT task_id, id, planned_at, fire_at, status, reason, fired_at, late_by_seconds,
       nag_every_seconds, nag_times, nag_done, missed_at, postponed_from
  FROM reminders.reminders WHERE task_id = ANY($1::uuid[]) ORDER BY id FOR UPDATE
"""
KEEP = """
INSERT INTO reminders.reminders AS known
  (id, task_id, user_id, "offset", at,
   planned_at, fire_at, status, reason, fired_at, late_by_seconds,
   nag_every_seconds, nag_times, nag_done, missed_at, postponed_from)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (id) DO UPDATE
   SET planned_at = EXCLUDED.planned_at, fire_at = EXCLUDED.fire_at, status = EXCLUDED.status,
       reason = EXCLUDED.reason, fired_at = EXCLUDED.fired_at,
       late_by_seconds = EXCLUDED.late_by_seconds,
       nag_every_seconds = EXCLUDED.nag_every_seconds, nag_times = EXCLUDED.nag_times,
       nag_done = EXCLUDED.nag_done, missed_at = EXCLUDED.missed_at,
       postponed_from = EXCLUDED.postponed_from,
       seen_at = CASE WHEN known.planned_at = EXCLUDED.planned_at THEN known.seen_at END
"""
CANCEL = "UPDATE reminders.reminders SET status = $2, reason = $3 WHERE id = $1"
NEXT = "SELECT min(fire_at) FROM reminders.reminders WHERE status = 'pending'"
FIRST = """
SELECT id, fire_at FROM reminders.reminders WHERE status = 'pending' ORDER BY fire_at LIMIT $1
"""
EVERY = "SELECT id, fire_at FROM reminders.reminders WHERE status = 'pending' ORDER BY fire_at"
STILL = """
SELECT id, fire_at FROM reminders.reminders WHERE id = ANY($1::uuid[]) AND status = 'pending'
"""
# Reminders go first: whoever fires one is waited for, and from then on nothing is added to others.
# Channels are locked before their deliveries, as everywhere.
FORGET: Final = (
    removal("reminders.reminders", "id"),
    removal("reminders.tasks", "task_id"),
    removal("reminders.timeline", "ctid"),
    removal("reminders.channels", "id"),
    removal("reminders.deliveries", "id"),
    removal("reminders.digests", "user_id"),
)
COLUMNS: Final = """id, task_id, "offset", at, fire_at, status, reason, fired_at, late_by_seconds,
       seen_at, nag_every_seconds, nag_times, nag_done"""
LIST = f"""
SELECT {COLUMNS} FROM reminders.reminders
 WHERE user_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR task_id = $3)
   AND (fire_at, id) > ($4, $5)
 ORDER BY fire_at, id LIMIT $6
"""  # noqa: S608 - made of constants
FIND = f"""
SELECT {COLUMNS} FROM reminders.reminders WHERE id = $1 AND user_id = $2
"""  # noqa: S608 - made of constants
LOCK = FIND + " FOR UPDATE"
SNOOZE = """
UPDATE reminders.reminders
   SET status = 'pending', fire_at = $2, reason = NULL, nag_done = 0, missed_at = NULL,
       postponed_from = NULL, snoozed_until = $2
 WHERE id = $1
"""
ACKNOWLEDGE = """
UPDATE reminders.reminders SET status = 'acknowledged', seen_at = coalesce(seen_at, $2)
 WHERE id = $1
"""
SEE = "UPDATE reminders.reminders SET seen_at = coalesce(seen_at, $2) WHERE id = $1"
# Counted up to a bound; beyond it, as many as the index held when it was last looked through.
PENDING = """
SELECT count(*) AS pending, (
         SELECT reltuples::bigint FROM pg_class WHERE oid = 'reminders.reminders_due'::regclass
       ) AS about
  FROM (SELECT FROM reminders.reminders WHERE status = 'pending' LIMIT $1) AS counted
"""
MOST_COUNTED: Final = 10_000
LIST_NAME: Final = "reminders"
_Place = tuple[cursors.Instant, UUID]


class News(NamedTuple):
    """An event, and why nothing of its task fires, where that is so."""

    event: TaskEvent
    traceparent: str | None
    closed: str | None


class Kept(NamedTuple):
    """A reminder as it stands."""

    id: UUID
    task_id: UUID
    offset: str | None
    at: datetime | None
    fire_at: datetime
    status: Status
    reason: str | None
    fired_at: datetime | None
    late_by_seconds: int | None
    seen_at: datetime | None
    nag_every_seconds: int | None
    nag_times: int | None
    nag_done: int


async def note(transaction: Transaction, news: Sequence[News]) -> set[UUID]:
    """Keep the newest states of tasks, one of each; returns the tasks of which no newer is known.

    The rows of the tasks are locked in their order, so that two batches never wait for each other.
    """
    rows = [_row(one) for one in sorted(news, key=lambda one: one.event.task_id)]
    columns = (list(column) for column in zip(*rows, strict=True))
    return {row[0] for row in await transaction.rows(NOTE, *columns)}


def _row(news: News) -> tuple[object, ...]:
    event, traceparent, closed = news
    task = msgspec.json.encode(event.task).decode()
    known = (event.task_id, event.version, event.event_id, event.correlation_id)
    return *known, task, closed, event.timestamp if closed else None, traceparent


async def why_closed(transaction: Transaction, task_id: UUID) -> str | None:
    """Why nothing of a task fires, as far as we have heard; None when it does."""
    found: str | None = await transaction.value(CLOSED, task_id)
    return found


async def standings(
    transaction: Transaction, task_ids: Collection[UUID]
) -> dict[UUID, dict[UUID, Standing]]:
    """Where the reminders of each task stand, locked until the transaction ends."""
    found: dict[UUID, dict[UUID, Standing]] = {task_id: {} for task_id in task_ids}
    for task_id, identity, *standing in await transaction.rows(STANDINGS, list(found)):
        found[task_id][identity] = Standing(*standing)
    return found


async def keep(
    transaction: Transaction,
    task: TaskState,
    wanted: Sequence[Plan],
    changed: Mapping[UUID, Standing],
) -> None:
    """Write where a task's reminders stand now."""
    unwanted = dict(changed)
    for plan in wanted:
        if (standing := unwanted.pop(plan.id, None)) is not None:
            named = (plan.id, task.id, task.user_id, plan.offset, plan.at)
            await transaction.execute(KEEP, *named, *standing)
    for identity, standing in unwanted.items():
        await transaction.execute(CANCEL, identity, standing.status, standing.reason)


async def next_time(transaction: Transaction) -> datetime | None:
    """When the earliest pending reminder is due."""
    found: datetime | None = await transaction.value(NEXT)
    return found


async def first(transaction: Transaction, limit: int) -> dict[UUID, datetime]:
    """When the earliest of the pending reminders are due."""
    return {row[0]: row[1] for row in await transaction.rows(FIRST, limit)}


async def every(transaction: Transaction, page: int) -> AsyncIterator[dict[UUID, datetime]]:
    """When all pending reminders are due, the earliest first, so many at a time."""
    async for rows in transaction.pages(EVERY, size=page):
        yield {row[0]: row[1] for row in rows}


async def still(transaction: Transaction, ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Which of these are pending, and for when."""
    return {row[0]: row[1] for row in await transaction.rows(STILL, list(ids))}


async def listing(
    transaction: Transaction,
    user_id: UUID,
    status: str | None,
    task_id: UUID | None,
    limit: int,
    cursor: str | None,
) -> tuple[list[Kept], str | None]:
    """A page of a user's reminders by time, and where the next ones begin."""
    first = (datetime.fromisoformat("0001-01-02T00:00:00+00:00"), UUID(int=0))
    after = first if cursor is None else cursors.decode(cursor, LIST_NAME, _Place)
    rows = await transaction.rows(LIST, user_id, status, task_id, *after, limit + 1)
    found = [Kept(*row) for row in rows[:limit]]
    if len(rows) <= limit:
        return found, None
    return found, cursors.encode(LIST_NAME, found[-1].fire_at, found[-1].id)


async def find(transaction: Transaction, user_id: UUID, reminder_id: UUID) -> Kept:
    """A user's reminder.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    return await _found(transaction, FIND, user_id, reminder_id)


async def lock(transaction: Transaction, user_id: UUID, reminder_id: UUID) -> Kept:
    """A user's reminder, locked until the transaction ends.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    return await _found(transaction, LOCK, user_id, reminder_id)


async def _found(
    transaction: Transaction, statement: str, user_id: UUID, reminder_id: UUID
) -> Kept:
    row = await transaction.row(statement, reminder_id, user_id)
    if row is None:
        raise NotFound(f"there is no reminder {reminder_id}")
    return Kept(*row)


async def snooze(transaction: Transaction, reminder_id: UUID, until: datetime) -> None:
    """Let a reminder fire again at an instant."""
    await transaction.execute(SNOOZE, reminder_id, until)


async def acknowledge(transaction: Transaction, reminder_id: UUID, now: datetime) -> None:
    """Note that somebody has reacted to a reminder, and so has seen it."""
    await transaction.execute(ACKNOWLEDGE, reminder_id, now)


async def see(transaction: Transaction, reminder_id: UUID, now: datetime) -> None:
    """Note that somebody has seen a reminder, unless that is known."""
    await transaction.execute(SEE, reminder_id, now)


async def forget_user(transaction: Transaction, user_id: UUID, limit: int) -> int:
    """Remove what is kept of a user, so many rows; what is scheduled finds nothing to fire."""
    return await remove_some(transaction, FORGET, user_id, limit)


async def pending(transaction: Transaction) -> int:
    """How many are pending; beyond `MOST_COUNTED` about how many."""
    row: Any = await transaction.row(PENDING, MOST_COUNTED)
    counted: int = row["pending"]
    return counted if counted < MOST_COUNTED else max(counted, row["about"])
