"""The tables of the schema `recurring`: series, and what is known of their tasks.

An instance's row stays when its task is deleted: it is the tombstone that older news meets.
"""

from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from taskflow.base import cursors
from taskflow.base.errors import NotFound, Unavailable
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Recurrence
from taskflow.inbox.erased import removal, remove_some
from taskflow.services.recurring_processor.model import Chain, Instance, Series

if TYPE_CHECKING:
    from asyncpg import Record

SERIES: Final = """id, user_id, recurrence, timezone, all_day, start_at, used, made, status,
       current_task_id, created_at, updated_at"""
INSTANCE: Final = """task_id, series_id, title, position, version, own_version, status, is_deleted,
       is_withdrawn, repeats, occurrence_date, due_date, planned_date, completed_at"""

BEGIN = f"""
INSERT INTO recurring.series ({SERIES})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (id) DO NOTHING
"""  # noqa: S608 - made of constants
LOCK = f"SELECT {SERIES} FROM recurring.series WHERE id = $1 FOR UPDATE"  # noqa: S608 - constants
SAVE = """
UPDATE recurring.series
   SET user_id = $2, recurrence = $3, timezone = $4, all_day = $5, start_at = $6, used = $7,
       made = $8, status = $9, current_task_id = $10, created_at = $11, updated_at = $12
 WHERE id = $1
"""
FORGET = "DELETE FROM recurring.series WHERE id = $1"
FORGET_USER: Final = (removal("recurring.series"),)
# A series that had ended before its rule was known has nothing to show.
FIND = f"""
SELECT {SERIES} FROM recurring.series WHERE id = $1 AND user_id = $2 AND recurrence IS NOT NULL
"""  # noqa: S608 - made of constants
LIST = f"""
SELECT {SERIES} FROM recurring.series
 WHERE user_id = $1 AND id > $2 AND recurrence IS NOT NULL AND ($3::text IS NULL OR status = $3)
 ORDER BY id LIMIT $4
"""  # noqa: S608 - made of constants
COUNT_ACTIVE = """
SELECT count(*) FROM (
  SELECT FROM recurring.series WHERE status = 'active' LIMIT 100000
) AS counted
"""

FIND_INSTANCE = f"SELECT {INSTANCE} FROM recurring.instances WHERE task_id = $1"  # noqa: S608
CHAIN = f"""
SELECT {INSTANCE}
  FROM recurring.instances
 WHERE series_id = $1 AND status = 'pending' AND NOT is_deleted
 UNION
SELECT {INSTANCE} FROM recurring.instances WHERE task_id = $2 AND series_id = $1
 UNION
(SELECT {INSTANCE}
   FROM recurring.instances
  WHERE series_id = $1 AND NOT is_withdrawn
  ORDER BY position DESC, task_id DESC
  LIMIT 1)
"""  # noqa: S608 - made of constants
# News of one task may be handled by two replicas at once: the older one must not win.
KEEP = f"""
INSERT INTO recurring.instances AS known ({INSTANCE})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (task_id) DO UPDATE
   SET series_id = EXCLUDED.series_id, title = EXCLUDED.title, position = EXCLUDED.position,
       version = EXCLUDED.version, own_version = EXCLUDED.own_version, status = EXCLUDED.status,
       is_deleted = EXCLUDED.is_deleted, is_withdrawn = EXCLUDED.is_withdrawn,
       repeats = EXCLUDED.repeats, occurrence_date = EXCLUDED.occurrence_date,
       due_date = EXCLUDED.due_date, planned_date = EXCLUDED.planned_date,
       completed_at = EXCLUDED.completed_at
 WHERE known.version <= EXCLUDED.version OR known.is_withdrawn
"""  # noqa: S608 - made of constants
IS_TAKEN = """
SELECT EXISTS (
  SELECT FROM recurring.instances
   WHERE series_id = $1 AND occurrence_date = $2 AND NOT is_withdrawn
)
"""
INSTANCES = f"""
SELECT {INSTANCE} FROM recurring.instances
 WHERE series_id = $1 ORDER BY position DESC, task_id DESC LIMIT 200
"""  # noqa: S608 - made of constants

LIST_NAME: Final = "series"
_RECURRENCE: Final = msgspec.json.Decoder(Recurrence)


async def lock(transaction: Transaction, fresh: Chain, task_id: UUID) -> Chain:
    """A series with its tasks, locked until the transaction ends, so that its news come singly.

    Args:
        transaction: Where to read and write.
        fresh: What is written when there is no such series yet.
        task_id: The task that the news is of.
    """
    series_id = fresh.series.id
    await transaction.execute(BEGIN, *_values(fresh.series))
    row = await transaction.row(LOCK, series_id)
    rows = await transaction.rows(CHAIN, series_id, task_id)
    instances = [_instance(one) for one in rows]
    series = _series(row) if row else fresh.series
    return Chain(series, {instance.task_id: instance for instance in instances})


async def save(transaction: Transaction, before: Chain, after: Chain) -> None:
    """Write what differs.

    Raises:
        Unavailable: as `keep` does.
    """
    await transaction.execute(SAVE, *_values(after.series))
    for task_id, instance in after.instances.items():
        if instance != before.instances.get(task_id):
            await keep(transaction, instance)


async def keep(transaction: Transaction, instance: Instance) -> None:
    """Write what is known of a task.

    Raises:
        Unavailable: newer news of it was written meanwhile; to be tried again.
    """
    if not await transaction.execute(KEEP, *msgspec.structs.astuple(instance)):
        raise Unavailable(f"newer news of the task {instance.task_id} came in at the same time")


async def forget(transaction: Transaction, series_id: UUID) -> None:
    """Remove a series and what is known of its tasks."""
    await transaction.execute(FORGET, series_id)


async def forget_user(transaction: Transaction, user_id: UUID, limit: int) -> int:
    """Remove so many of a user's series and what is known of their tasks."""
    return await remove_some(transaction, FORGET_USER, user_id, limit)


async def find_instance(transaction: Transaction, task_id: UUID) -> Instance | None:
    """What is known of a task."""
    row = await transaction.row(FIND_INSTANCE, task_id)
    return _instance(row) if row else None


async def is_taken(transaction: Transaction, series_id: UUID, occurrence_date: str) -> bool:
    """Whether an occurrence has had its task already; one that was withdrawn does not count."""
    taken: bool = await transaction.value(IS_TAKEN, series_id, occurrence_date)
    return taken


async def find(transaction: Transaction, user_id: UUID, series_id: UUID) -> Series:
    """A user's series.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    row = await transaction.row(FIND, series_id, user_id)
    if row is None:
        raise NotFound(f"there is no series {series_id}")
    return _series(row)


async def listing(
    transaction: Transaction, user_id: UUID, status: str | None, limit: int, cursor: str | None
) -> tuple[list[Series], str | None]:
    """A page of a user's series, and where the next ones begin."""
    first = (UUID(int=0),)
    after = (first if cursor is None else cursors.decode(cursor, LIST_NAME, tuple[UUID]))[0]
    rows = await transaction.rows(LIST, user_id, after, status, limit + 1)
    found = [_series(row) for row in rows[:limit]]
    return found, cursors.encode(LIST_NAME, found[-1].id) if len(rows) > limit else None


async def instances(transaction: Transaction, series_id: UUID) -> list[Instance]:
    """The tasks of a series, the newest first."""
    return [_instance(row) for row in await transaction.rows(INSTANCES, series_id)]


async def count_active(transaction: Transaction) -> int:
    """How many series of all users go on; no more than 100,000 are counted."""
    active: int = await transaction.value(COUNT_ACTIVE)
    return active


def _series(row: "Record") -> Series:
    values = dict(row)
    values["recurrence"] = _RECURRENCE.decode(row["recurrence"]) if row["recurrence"] else None
    return Series(**values)


def _values(series: Series) -> tuple[object, ...]:
    recurrence = series.recurrence
    values = {name: getattr(series, name) for name in Series.__struct_fields__}
    values["recurrence"] = msgspec.json.encode(recurrence).decode() if recurrence else None
    return tuple(values.values())


def _instance(row: "Record") -> Instance:
    return Instance(**dict(row))
