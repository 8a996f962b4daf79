"""The table of tasks: rows to values and back. Only `commands` and `queries` may use it."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Recurrence, Reminder
from taskflow.tasks.errors import OwnerErased
from taskflow.tasks.model import Task
from taskflow.tasks.zones import parse_zone

if TYPE_CHECKING:
    from asyncpg import Record

COLUMNS: Final = """id, user_id, title, description, status, priority, tags, due_at, all_day,
       timezone, recurrence, reminders, series_id, occurrence_date, version, created_at, updated_at,
       completed_at, deleted_at, floating, planned_at, due_wall, planned_wall, is_touched"""

INSERT = f"""
INSERT INTO tasks.tasks ({COLUMNS})
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
       $21, $22, $23, $24
 WHERE tasks.owner_stands($2)
ON CONFLICT (id) DO NOTHING
"""
INSERT_MANY = f"""
INSERT INTO tasks.tasks ({COLUMNS})
SELECT {COLUMNS} FROM jsonb_populate_recordset(NULL::tasks.tasks, $1::jsonb)
 WHERE tasks.owner_stands(user_id)
ON CONFLICT (id) DO NOTHING
RETURNING id
"""  # noqa: S608 - made of constants
IS_ERASED = "SELECT EXISTS (SELECT FROM tasks.erased_owners WHERE user_id = $1)"
ERASED_AMONG = "SELECT user_id FROM tasks.erased_owners WHERE user_id = ANY($1::uuid[])"
SHARE_OWNERS = """
SELECT pg_advisory_xact_lock_shared(tasks.owner_key(id)) FROM unnest($1::uuid[]) AS wanted (id)
"""
LOCK_OWNER = "SELECT pg_advisory_xact_lock(tasks.owner_key($1))"
CLOSE_OWNER = """
INSERT INTO tasks.erased_owners (user_id, erased_at) VALUES ($1, $2) ON CONFLICT DO NOTHING
"""
UPDATE = """
UPDATE tasks.tasks
   SET title = $3, description = $4, status = $5, priority = $6, tags = $7, due_at = $8,
       all_day = $9, timezone = $10, recurrence = $11, reminders = $12, series_id = $13,
       occurrence_date = $14, version = $15, created_at = $16, updated_at = $17,
       completed_at = $18, deleted_at = $19, floating = $20, planned_at = $21,
       due_wall = $22, planned_wall = $23, is_touched = $24
 WHERE id = $1 AND user_id = $2
"""
FIND_ALL = f"""
SELECT {COLUMNS} FROM tasks.tasks WHERE id = ANY($1::uuid[]) AND user_id = $2
"""  # noqa: S608 - made of constants
FIND = f"SELECT {COLUMNS} FROM tasks.tasks WHERE id = $1 AND user_id = $2"  # noqa: S608
LOCK = FIND + " FOR UPDATE"
LOCK_ALL_OF = f"""
SELECT {COLUMNS} FROM tasks.tasks WHERE user_id = $1 ORDER BY id LIMIT $2 FOR UPDATE
"""  # noqa: S608 - made of constants
LOCK_FLOATING = f"""
SELECT {COLUMNS} FROM tasks.tasks
 WHERE user_id = $1 AND id > $2 AND floating AND status = 'pending' AND deleted_at IS NULL
 ORDER BY id LIMIT $3 FOR UPDATE
"""  # noqa: S608 - made of constants
LOCK_SERIES = "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 30))"
# First of the series: an index of all open tasks might seem to be the shorter way, and is not.
STANDS_BESIDE = f"""
WITH of_series AS MATERIALIZED (SELECT {COLUMNS} FROM tasks.tasks WHERE series_id = $1)
SELECT {COLUMNS} FROM of_series
 WHERE id <> $2 AND is_touched AND status = 'pending' AND deleted_at IS NULL
   AND recurrence IS NOT NULL AND ($3::timestamptz IS NULL OR updated_at >= $3)
   AND ($4::timestamptz IS NULL OR created_at <= $4)
 ORDER BY created_at, id LIMIT 1
"""  # noqa: S608 - made of constants
ERASE = "DELETE FROM tasks.tasks WHERE id = ANY($1::uuid[])"
# Locked first: what somebody restores meanwhile is in the trash no longer.
PURGE = """
WITH old AS MATERIALIZED (
  SELECT id FROM tasks.tasks
   WHERE deleted_at < $1 ORDER BY deleted_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
DELETE FROM tasks.tasks USING old WHERE tasks.id = old.id
"""
HOLD = """
SELECT id FROM tasks.tasks WHERE user_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE
"""

_REMINDERS: Final = msgspec.json.Decoder(tuple[Reminder, ...])
_RECURRENCE: Final = msgspec.json.Decoder(Recurrence)


async def insert(transaction: Transaction, task: Task) -> bool:
    """Write a new task; False when there is one with this id.

    Until the transaction ends nobody can erase the owner.

    Raises:
        OwnerErased: the owner's account is gone.
    """
    if await transaction.execute(INSERT, *_values(task)):
        return True
    if await transaction.value(IS_ERASED, task.user_id):
        raise OwnerErased(task.user_id)
    return False


async def insert_many(transaction: Transaction, tasks: Sequence[Task]) -> set[UUID]:
    """Write new tasks at once; returns whose id was free and whose owner stands."""
    names = [name.strip() for name in COLUMNS.split(",")]
    rows = [dict(zip(names, _columns(task), strict=True)) for task in tasks]
    found = await transaction.rows(INSERT_MANY, msgspec.json.encode(rows).decode())
    return {row["id"] for row in found}


async def erased_among(transaction: Transaction, user_ids: Sequence[UUID]) -> set[UUID]:
    """Whose account is gone."""
    return {row["user_id"] for row in await transaction.rows(ERASED_AMONG, user_ids)}


async def close_owner(transaction: Transaction, user_id: UUID, now: datetime) -> None:
    """See to it that an owner gets no task any more; waits for those that are being made."""
    await transaction.execute(LOCK_OWNER, user_id)
    await transaction.execute(CLOSE_OWNER, user_id, now)


async def save(transaction: Transaction, task: Task) -> None:
    """Write a task over its row, which the transaction has locked."""
    await transaction.execute(UPDATE, *_values(task))


async def find(transaction: Transaction, user_id: UUID, task_id: UUID) -> Task | None:
    """A user's task, also from the trash."""
    row = await transaction.row(FIND, task_id, user_id)
    return task_of(row) if row else None


async def find_all(transaction: Transaction, user_id: UUID, task_ids: Sequence[UUID]) -> list[Task]:
    """Those of a user's tasks, also from the trash."""
    return [task_of(row) for row in await transaction.rows(FIND_ALL, task_ids, user_id)]


async def lock(transaction: Transaction, user_id: UUID, task_id: UUID) -> Task | None:
    """The same, its row locked until the transaction ends."""
    row = await transaction.row(LOCK, task_id, user_id)
    return task_of(row) if row else None


async def hold(transaction: Transaction, user_id: UUID, task_ids: Sequence[UUID]) -> None:
    """Lock a user's tasks, in the order of their ids."""
    await transaction.rows(HOLD, user_id, task_ids)


async def lock_some_of(transaction: Transaction, user_id: UUID, limit: int) -> list[Task]:
    """Some of a user's tasks, locked, also from the trash."""
    return [task_of(row) for row in await transaction.rows(LOCK_ALL_OF, user_id, limit)]


async def lock_floating(
    transaction: Transaction, user_id: UUID, after: UUID, limit: int
) -> list[Task]:
    """Some of a user's live floating tasks, locked, in the order of their ids."""
    rows = await transaction.rows(LOCK_FLOATING, user_id, after, limit)
    return [task_of(row) for row in rows]


async def stands_beside(
    transaction: Transaction,
    task: Task,
    *,
    written_since: datetime | None,
    made_by: datetime | None,
) -> Task | None:
    """The earliest open task that a person has touched of a task's series, beside itself.

    Until the transaction ends, nobody else who asks brings one of them back.

    Args:
        transaction: Where to read.
        task: The task.
        written_since: What was written last before that is left out.
        made_by: What was made after that is left out.
    """
    await transaction.execute(LOCK_SERIES, task.series_id)
    row = await transaction.row(STANDS_BESIDE, task.series_id, task.id, written_since, made_by)
    return task_of(row) if row else None


async def erase(transaction: Transaction, task_ids: Sequence[UUID]) -> None:
    """Remove rows for good."""
    await transaction.execute(ERASE, task_ids)


async def purge(transaction: Transaction, deleted_before: datetime, limit: int) -> int:
    """Remove what has been in the trash since before an instant; returns how many."""
    return await transaction.execute(PURGE, deleted_before, limit)


def task_of(row: "Record") -> Task:
    """The task in a row that has all of `COLUMNS`."""
    recurrence = row["recurrence"]
    return Task(
        id=row["id"],
        user_id=row["user_id"],
        title=row["title"],
        description=row["description"],
        status=row["status"],
        priority=row["priority"],
        tags=tuple(row["tags"]),
        due=_when(row, "due_at"),
        all_day=row["all_day"],
        timezone=row["timezone"],
        recurrence=_RECURRENCE.decode(recurrence) if recurrence else None,
        reminders=_REMINDERS.decode(row["reminders"]),
        series_id=row["series_id"],
        occurrence_date=row["occurrence_date"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        completed_at=row["completed_at"],
        deleted_at=row["deleted_at"],
        floating=row["floating"],
        planned=_when(row, "planned_at"),
        due_wall=row["due_wall"],
        planned_wall=row["planned_wall"],
        is_touched=row["is_touched"],
    )


def _when(row: "Record", column: str) -> Any:
    """An instant, or of an all-day task a day."""
    at: Any = row[column]
    if at is not None and row["all_day"]:
        return at.astimezone(parse_zone(row["timezone"])).date()
    return at


def _values(task: Task) -> tuple[object, ...]:
    """What `_columns` gives, with JSON as text."""
    values = list(_columns(task))
    recurrence, reminders = values[10], values[11]
    values[10] = msgspec.json.encode(recurrence).decode() if recurrence else None
    values[11] = msgspec.json.encode(reminders).decode()
    return tuple(values)


def _columns(task: Task) -> tuple[object, ...]:
    """The task's values in the order of `COLUMNS`."""
    return (
        task.id,
        task.user_id,
        task.title,
        task.description,
        task.status,
        task.priority,
        task.tags,
        task.due_at,
        task.all_day,
        task.timezone,
        task.recurrence,
        task.reminders,
        task.series_id,
        task.occurrence_date,
        task.version,
        task.created_at,
        task.updated_at,
        task.completed_at,
        task.deleted_at,
        task.floating,
        task.planned_at,
        task.due_wall,
        task.planned_wall,
        task.is_touched,
    )
