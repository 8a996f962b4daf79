"""The tables of series and their instances."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

import msgspec

from taskflow.base import cursors
from taskflow.base.errors import NotFound
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Recurrence, TaskState
from taskflow.services.recurring_processor.series import Series, State, due_at

if TYPE_CHECKING:
    from asyncpg import Record

COLUMNS: Final = "id, recurrence, start_at, timezone, all_day, status, made"
BEGIN = """
INSERT INTO recurring.series
  (id, user_id, recurrence, start_at, timezone, all_day, status, made, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, 'active', 0, $7)
ON CONFLICT (id) DO NOTHING
"""
LOCK = f"SELECT {COLUMNS} FROM recurring.series WHERE id = $1 FOR UPDATE"  # noqa: S608 - constants
FIND = f"SELECT {COLUMNS} FROM recurring.series WHERE id = $1 AND user_id = $2"  # noqa: S608
LIST = f"""
SELECT {COLUMNS} FROM recurring.series
 WHERE user_id = $1 AND id > $2 AND ($3::text IS NULL OR status = $3)
 ORDER BY id LIMIT $4
"""  # noqa: S608 - made of constants
CHANGE = """
UPDATE recurring.series
   SET recurrence = $2, start_at = $3, timezone = $4, all_day = $5, status = 'active',
       updated_at = $6
 WHERE id = $1
"""
END = "UPDATE recurring.series SET status = 'ended', updated_at = $2 WHERE id = $1"
# An older event changes nothing: the row's own version is the gate.
NOTE = """
INSERT INTO recurring.instances AS known
  (task_id, series_id, title, occurrence_date, version, state, completed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (task_id) DO UPDATE
   SET title = EXCLUDED.title, version = EXCLUDED.version, state = EXCLUDED.state,
       completed_at = EXCLUDED.completed_at
 WHERE known.version < EXCLUDED.version
"""
STATE = "SELECT state FROM recurring.instances WHERE task_id = $1"
OTHERS_OPEN = """
SELECT task_id FROM recurring.instances
 WHERE series_id = $1 AND task_id <> $2 AND state = 'open' ORDER BY task_id
"""
COUNT_MADE = "UPDATE recurring.series SET made = made + 1, updated_at = $2 WHERE id = $1"
INSTANCES = """
SELECT task_id, title, occurrence_date, state, completed_at FROM recurring.instances
 WHERE series_id = $1 ORDER BY occurrence_date DESC NULLS LAST LIMIT 200
"""
_RECURRENCE: Final = msgspec.json.Decoder(Recurrence)


class Instance(NamedTuple):
    """What has become of one instance."""

    task_id: UUID
    title: str
    occurrence_date: str | None
    state: str
    completed_at: datetime | None


async def lock(transaction: Transaction, series_id: UUID, task: TaskState) -> Series | None:
    """The series of an instance, begun where this is its first; locked until the commit."""
    if task.recurrence is not None:
        rule = msgspec.json.encode(task.recurrence).decode()
        start = (due_at(task), task.timezone, task.all_day, task.updated_at)
        await transaction.execute(BEGIN, series_id, task.user_id, rule, *start)
    row = await transaction.row(LOCK, series_id)
    return _series(row) if row else None


async def note(transaction: Transaction, task: TaskState, version: int, state: State) -> bool:
    """Keep what has become of an instance; False when that was known, or newer is."""
    values = (task.id, task.series_id, task.title, task.occurrence_date, version, state)
    return await transaction.execute(NOTE, *values, task.completed_at) == 1


async def state_of(transaction: Transaction, task_id: UUID) -> State | None:
    """What is known of an instance."""
    state: State | None = await transaction.value(STATE, task_id)
    return state


async def others_open(transaction: Transaction, series_id: UUID, task_id: UUID) -> list[UUID]:
    """The open instances beside one."""
    rows = await transaction.rows(OTHERS_OPEN, series_id, task_id)
    return [row["task_id"] for row in rows]


async def change(transaction: Transaction, series_id: UUID, task: TaskState) -> None:
    """Let a series go on by the recurrence, zone and due date that an instance has now."""
    rule = msgspec.json.encode(task.recurrence).decode()
    values = (rule, due_at(task), task.timezone, task.all_day, task.updated_at)
    await transaction.execute(CHANGE, series_id, *values)


async def end(transaction: Transaction, series_id: UUID, now: datetime) -> None:
    """Let a series make nothing more."""
    await transaction.execute(END, series_id, now)


async def count_made(transaction: Transaction, series_id: UUID, now: datetime) -> None:
    """Count an instance."""
    await transaction.execute(COUNT_MADE, series_id, now)


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
    after = cursors.decode(cursor, tuple[UUID])[0] if cursor else UUID(int=0)
    rows = await transaction.rows(LIST, user_id, after, status, limit + 1)
    found = [_series(row) for row in rows[:limit]]
    return found, cursors.encode(found[-1].id) if len(rows) > limit else None


async def instances(transaction: Transaction, series_id: UUID) -> list[Instance]:
    """The instances of a series, newest first."""
    return [Instance(*row) for row in await transaction.rows(INSTANCES, series_id)]


def _series(row: "Record") -> Series:
    values: Any = row
    return Series(
        id=str(values["id"]),
        recurrence=_RECURRENCE.decode(values["recurrence"]),
        start_at=values["start_at"],
        timezone=values["timezone"],
        all_day=values["all_day"],
        is_active=values["status"] == "active",
        made=values["made"],
    )
