"""The tables of the schema `recurring`: series, and what is known of their tasks.

An instance's row stays when its task is deleted: it is the tombstone that older news meets.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from taskflow.base import cursors
from taskflow.base.errors import NotFound, Unavailable
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Recurrence
from taskflow.inbox.erased import removal, remove_some
from taskflow.services.recurring_processor.anchoring import with_first
from taskflow.services.recurring_processor.model import Chain, Instance, Series, Template

if TYPE_CHECKING:
    from asyncpg import Record

SERIES: Final = ", ".join(Series.__struct_fields__)
INSTANCE: Final = ", ".join(Instance.__struct_fields__)
BELL: Final = "recurring"
"""Rings when something is to appear at another time than before."""

# Rows come as JSON, so that one statement writes many of them.
BEGIN = f"""
INSERT INTO recurring.series ({SERIES})
SELECT {SERIES} FROM jsonb_populate_recordset(NULL::recurring.series, $1::jsonb)
ON CONFLICT (id) DO NOTHING
"""  # noqa: S608 - made of constants
LOCK = f"SELECT {SERIES} FROM recurring.series WHERE id = $1 FOR UPDATE"  # noqa: S608 - constants
SAVE = f"""
UPDATE recurring.series AS known
   SET {", ".join(f"{name} = new.{name}" for name in Series.__struct_fields__)}
  FROM jsonb_populate_recordset(NULL::recurring.series, $1::jsonb) AS new
 WHERE known.id = new.id
"""  # noqa: S608 - made of constants
FORGET = "DELETE FROM recurring.series WHERE id = $1"
FORGET_USER: Final = (removal("recurring.series", "id"),)
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

LOCK_MANY = f"""
SELECT {SERIES} FROM recurring.series WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE
"""  # noqa: S608 - made of constants
CHAINS = f"""
SELECT {INSTANCE} FROM unnest($1::uuid[], $2::uuid[]) AS wanted (id, task) CROSS JOIN LATERAL (
  SELECT {INSTANCE} FROM recurring.instances
   WHERE series_id = wanted.id AND status = 'pending' AND NOT is_deleted
  UNION
  SELECT {INSTANCE} FROM recurring.instances WHERE task_id = wanted.task AND series_id = wanted.id
  UNION
  (SELECT {INSTANCE} FROM recurring.instances
    WHERE series_id = wanted.id AND NOT is_withdrawn
    ORDER BY position DESC, task_id DESC LIMIT 2)
) AS chain
"""  # noqa: S608 - made of constants
FIND_INSTANCES = f"""
SELECT {INSTANCE} FROM recurring.instances WHERE task_id = ANY($1::uuid[])
"""  # noqa: S608 - made of constants
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
  LIMIT 2)
"""  # noqa: S608 - made of constants
# News of one task may be handled by two replicas at once: the older one must not win.
KEEP = f"""
INSERT INTO recurring.instances AS known ({INSTANCE})
SELECT {INSTANCE} FROM jsonb_populate_recordset(NULL::recurring.instances, $1::jsonb)
ON CONFLICT (task_id) DO UPDATE
   SET {", ".join(f"{name} = EXCLUDED.{name}" for name in Instance.__struct_fields__[1:])}
 WHERE known.version <= EXCLUDED.version OR known.is_withdrawn
"""  # noqa: S608 - made of constants
LIST_NAME: Final = "series"
_RECURRENCE: Final = msgspec.json.Decoder(Recurrence)
_TEMPLATE: Final = msgspec.json.Decoder(Template)


async def lock(transaction: Transaction, fresh: Chain, task_id: UUID) -> Chain:
    """A series with its tasks, locked until the transaction ends, so that its news come singly.

    Args:
        transaction: Where to read and write.
        fresh: What is written when there is no such series yet.
        task_id: The task that the news is of.
    """
    await begin(transaction, [fresh.series])
    return await lock_known(transaction, fresh.series.id, task_id) or fresh


async def begin(transaction: Transaction, series: Sequence[Series]) -> None:
    """Write series that are not there yet; of those that somebody begins just now, wait for it."""
    await transaction.execute(BEGIN, _text(series))


async def lock_known(
    transaction: Transaction, series_id: UUID, task_id: UUID | None
) -> Chain | None:
    """The same; None when there is no such series."""
    row = await transaction.row(LOCK, series_id)
    if row is None:
        return None
    rows = await transaction.rows(CHAIN, series_id, task_id)
    instances = [instance_of(one) for one in rows]
    return Chain(series_of(row), {instance.task_id: instance for instance in instances})


async def lock_many(transaction: Transaction, wanted: Mapping[UUID, UUID]) -> list[Chain]:
    """Those of some series that there are, each by the task that its news is of."""
    ids = list(wanted)
    if not ids:
        return []
    found = [series_of(row) for row in await transaction.rows(LOCK_MANY, ids)]
    rows = await transaction.rows(CHAINS, ids, list(wanted.values()))
    return chains_of(found, rows)


async def save_many(
    transaction: Transaction, before: Sequence[Chain], after: Sequence[Chain]
) -> None:
    """Write what differs of many series.

    Raises:
        Unavailable: as `keep` does.
    """
    changed = [(old, new) for old, new in zip(before, after, strict=True) if _differs(old, new)]
    if not changed:
        return
    await write(
        transaction,
        [replace(new.series, version=old.series.version + 1) for old, new in changed],
    )
    await keep(transaction, *(one for pair in changed for one in _changed(*pair)))
    if any(old.series.next_at != new.series.next_at for old, new in changed):
        transaction.ring(BELL)


async def save(transaction: Transaction, before: Chain, after: Chain) -> Chain:
    """Write what differs; returns what was written, at its next version.

    Raises:
        Unavailable: as `keep` does.
    """
    if not _differs(before, after):
        return after
    await save_many(transaction, [before], [after])
    return after.with_series(version=before.series.version + 1)


async def write(transaction: Transaction, series: Sequence[Series]) -> None:
    """Write series over their rows, which the transaction has locked."""
    await transaction.execute(SAVE, _text(series))


async def keep(transaction: Transaction, *instances: Instance) -> None:
    """Write what is known of tasks.

    Raises:
        Unavailable: newer news of one was written meanwhile; to be tried again.
    """
    if instances and await transaction.execute(KEEP, _text(instances)) != len(instances):
        raise Unavailable("newer news of a task came in at the same time")


async def forget(transaction: Transaction, series_id: UUID) -> None:
    """Remove a series and what is known of its tasks."""
    await transaction.execute(FORGET, series_id)


async def forget_user(transaction: Transaction, user_id: UUID, limit: int) -> int:
    """Remove so many of a user's series and what is known of their tasks."""
    return await remove_some(transaction, FORGET_USER, user_id, limit)


async def find_instance(transaction: Transaction, task_id: UUID) -> Instance | None:
    """What is known of a task."""
    row = await transaction.row(FIND_INSTANCE, task_id)
    return instance_of(row) if row else None


async def find_instances(
    transaction: Transaction, task_ids: Sequence[UUID]
) -> dict[UUID, Instance]:
    """What is known of some tasks."""
    rows = await transaction.rows(FIND_INSTANCES, task_ids)
    return {row["task_id"]: instance_of(row) for row in rows}


async def find(transaction: Transaction, user_id: UUID, series_id: UUID) -> Series:
    """A user's series.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    row = await transaction.row(FIND, series_id, user_id)
    if row is None:
        raise NotFound(f"there is no series {series_id}")
    return series_of(row)


async def listing(
    transaction: Transaction, user_id: UUID, status: str | None, limit: int, cursor: str | None
) -> tuple[list[Series], str | None]:
    """A page of a user's series, and where the next ones begin."""
    first = (UUID(int=0),)
    after = (first if cursor is None else cursors.decode(cursor, LIST_NAME, tuple[UUID]))[0]
    rows = await transaction.rows(LIST, user_id, after, status, limit + 1)
    found = [series_of(row) for row in rows[:limit]]
    return found, cursors.encode(LIST_NAME, found[-1].id) if len(rows) > limit else None


async def chain_of(transaction: Transaction, series: Series) -> Chain:
    """A series with its open tasks and its last one, not locked."""
    rows = await transaction.rows(CHAIN, series.id, None)
    instances = [instance_of(row) for row in rows]
    return Chain(series, {instance.task_id: instance for instance in instances})


async def count_active(transaction: Transaction) -> int:
    """How many series of all users go on; no more than 100,000 are counted."""
    active: int = await transaction.value(COUNT_ACTIVE)
    return active


def series_of(row: "Record") -> Series:
    """The series in a row that has all of `SERIES`."""
    values = dict(row)
    values["recurrence"] = _RECURRENCE.decode(row["recurrence"]) if row["recurrence"] else None
    values["template"] = _TEMPLATE.decode(row["template"])
    return with_first(Series(**values))


def instance_of(row: "Record") -> Instance:
    """The instance in a row that has all of `INSTANCE`."""
    values = dict(row)
    values["overrides"] = msgspec.json.decode(row["overrides"])
    return Instance(**values)


def _text(rows: Sequence[Struct]) -> str:
    return msgspec.json.encode(rows).decode()


def chains_of(found: Sequence[Series], rows: "Sequence[Record]") -> list[Chain]:
    """Series with those of some instances that are theirs."""
    instances: dict[UUID, dict[UUID, Instance]] = {series.id: {} for series in found}
    for row in rows:
        if row["series_id"] in instances:
            instance = instance_of(row)
            instances[instance.series_id][instance.task_id] = instance
    return [Chain(series, instances[series.id]) for series in found]


def _changed(before: Chain, after: Chain) -> list[Instance]:
    return [one for task_id, one in after.instances.items() if one != before.instances.get(task_id)]


def _differs(before: Chain, after: Chain) -> bool:
    return after.series != before.series or bool(_changed(before, after))
