"""The tables of reminders."""

from datetime import datetime
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import msgspec

from taskflow.base import cursors
from taskflow.base.errors import NotFound
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskEvent, TaskState
from taskflow.services.reminder.scheduler import Plan

Status = Literal["pending", "sent", "acknowledged", "cancelled"]

# An older event changes nothing: the row's own version is the gate.
NOTE = """
INSERT INTO reminders.tasks AS known (task_id, version, event_id, correlation_id, task)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (task_id) DO UPDATE
   SET version = EXCLUDED.version, event_id = EXCLUDED.event_id,
       correlation_id = EXCLUDED.correlation_id, task = EXCLUDED.task
 WHERE known.version < EXCLUDED.version
"""
# A reminder keeps its state (sent, snoozed) for as long as its planned time stays the same.
PLAN = """
INSERT INTO reminders.reminders AS known
  (id, task_id, user_id, "offset", at, planned_at, fire_at, status, reason)
VALUES ($1, $2, $3, $4, $5, $6, $6,
        CASE WHEN $7::text IS NULL THEN 'pending' ELSE 'cancelled' END, $7)
ON CONFLICT (id) DO UPDATE
   SET planned_at = EXCLUDED.planned_at, fire_at = EXCLUDED.fire_at, status = EXCLUDED.status,
       reason = EXCLUDED.reason
 WHERE known.planned_at <> EXCLUDED.planned_at
    OR (known.status IN ('pending', 'cancelled') AND known.reason IS DISTINCT FROM EXCLUDED.reason
        AND (EXCLUDED.reason IS NULL OR known.fire_at = known.planned_at
             OR EXCLUDED.reason LIKE 'the task%'))
"""
CANCEL_OTHERS = """
UPDATE reminders.reminders SET status = 'cancelled', reason = $3
 WHERE task_id = $1 AND status = 'pending' AND id <> ALL($2::uuid[])
"""
NEXT = "SELECT min(fire_at) FROM reminders.reminders WHERE status = 'pending'"
FIRE = """
WITH due AS (
  SELECT id FROM reminders.reminders
   WHERE status = 'pending' AND fire_at <= $1
   ORDER BY fire_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE reminders.reminders AS fired
   SET status = 'sent', fired_at = $1,
       late_by_seconds = floor(extract(epoch FROM $1 - fire_at))::integer
  FROM due, reminders.tasks AS task
 WHERE fired.id = due.id AND task.task_id = fired.task_id
RETURNING fired.id, fired."offset", fired.fire_at, fired.late_by_seconds, task.version,
          task.event_id, task.correlation_id, task.task::text AS task
"""
COLUMNS: Final = 'id, task_id, "offset", at, fire_at, status, reason, fired_at, late_by_seconds'
LIST = f"""
SELECT {COLUMNS} FROM reminders.reminders
 WHERE user_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR task_id = $3)
   AND (fire_at, id) > ($4, $5)
 ORDER BY fire_at, id LIMIT $6
"""  # noqa: S608 - made of constants
LOCK = f"""
SELECT {COLUMNS} FROM reminders.reminders WHERE id = $1 AND user_id = $2 FOR UPDATE
"""  # noqa: S608 - made of constants
SNOOZE = """
UPDATE reminders.reminders SET status = 'pending', fire_at = $2, reason = NULL WHERE id = $1
"""
ACKNOWLEDGE = "UPDATE reminders.reminders SET status = 'acknowledged' WHERE id = $1"
PENDING = "SELECT count(*) FROM reminders.reminders WHERE status = 'pending'"
LIST_NAME: Final = "reminders"
_Place = tuple[cursors.Instant, UUID]


class Fired(NamedTuple):
    """A reminder that fires now, with what its event needs."""

    id: UUID
    offset: str | None
    fire_at: datetime
    late_by_seconds: int
    version: int
    cause: UUID
    correlation_id: str
    task: TaskState


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


async def note(transaction: Transaction, event: TaskEvent) -> bool:
    """Keep the newest state of a task; False when newer is known."""
    task = msgspec.json.encode(event.task).decode()
    known = (event.task_id, event.version, event.event_id, event.correlation_id, task)
    return await transaction.execute(NOTE, *known) == 1


async def plan(transaction: Transaction, task: TaskState, wanted: list[Plan]) -> None:
    """Bring a task's reminders to what is wanted; the others are cancelled."""
    for one in wanted:
        times = (one.offset, one.at, one.fire_at, one.reason)
        await transaction.execute(PLAN, one.id, task.id, task.user_id, *times)
    ids = [one.id for one in wanted]
    await transaction.execute(CANCEL_OTHERS, task.id, ids, "the reminder was removed")


async def next_time(transaction: Transaction) -> datetime | None:
    """When the earliest pending reminder is due."""
    found: datetime | None = await transaction.value(NEXT)
    return found


async def fire(transaction: Transaction, now: datetime, limit: int) -> list[Fired]:
    """Mark what is due as sent; another replica's are passed over."""
    rows: list[Any] = await transaction.rows(FIRE, now, limit)
    return [
        Fired(
            id=row["id"],
            offset=row["offset"],
            fire_at=row["fire_at"],
            late_by_seconds=row["late_by_seconds"],
            version=row["version"],
            cause=row["event_id"],
            correlation_id=row["correlation_id"],
            task=msgspec.json.decode(row["task"], type=TaskState),
        )
        for row in rows
    ]


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


async def lock(transaction: Transaction, user_id: UUID, reminder_id: UUID) -> Kept:
    """A user's reminder, locked until the transaction ends.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    row = await transaction.row(LOCK, reminder_id, user_id)
    if row is None:
        raise NotFound(f"there is no reminder {reminder_id}")
    return Kept(*row)


async def snooze(transaction: Transaction, reminder_id: UUID, until: datetime) -> None:
    """Let a reminder fire again at an instant."""
    await transaction.execute(SNOOZE, reminder_id, until)


async def acknowledge(transaction: Transaction, reminder_id: UUID) -> None:
    """Note that somebody has seen a reminder."""
    await transaction.execute(ACKNOWLEDGE, reminder_id)


async def pending(transaction: Transaction) -> int:
    """How many are pending."""
    found: int = await transaction.value(PENDING)
    return found
