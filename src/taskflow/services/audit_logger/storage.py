"""The trail's table: written in batches, read by task or by time, never changed."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from msgspec import Struct

from taskflow.base import cursors
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskEvent
from taskflow.services.audit_logger.batch import columns

INSERT = """
INSERT INTO audit.task_events
  (event_id, event_type, task_id, user_id, timestamp, payload, correlation_id, partition_key,
   actor, version)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::jsonb[],
                     $7::text[], $8::date[], $9::text[], $10::integer[])
ON CONFLICT DO NOTHING
"""
OWNER = "SELECT user_id FROM audit.task_events WHERE task_id = $1 LIMIT 1"
OF_TASK = """
SELECT version, event_id, payload::text AS payload
  FROM audit.task_events
 WHERE task_id = $1 AND (version, event_id) > ($2, $3)
 ORDER BY version, event_id
 LIMIT $4
"""
MAKE_PARTITION = "SELECT audit.make_partition($1)"
ABSENT = """
SELECT wanted.task_id, wanted.version
  FROM unnest($1::uuid[], $2::integer[]) AS wanted (task_id, version)
  LEFT JOIN LATERAL (
    SELECT true AS is_kept FROM audit.task_events AS kept
     WHERE kept.task_id = wanted.task_id AND kept.version = wanted.version
       AND kept.event_type <> 'reminder.triggered'
     LIMIT 1
  ) AS found ON true
 WHERE found.is_kept IS NULL
"""
OF_A_TASK: Final = "audit of a task"
OF_ALL: Final = "audit"
_Version = tuple[cursors.Version, UUID]
_NOTHING_BEFORE: Final = (0, UUID(int=0))


class Filter(Struct, frozen=True, kw_only=True):
    """What a search of the trail is narrowed to; None narrows nothing."""

    since: datetime | None = None
    until: datetime | None = None
    event_type: str | None = None
    user_id: UUID | None = None
    actor: str | None = None


class Page(NamedTuple):
    """Some events as JSON, and where the next ones begin."""

    payloads: list[str]
    next_cursor: str | None


async def insert(transaction: Transaction, events: Sequence[TaskEvent]) -> int:
    """Keep events; returns how many were new."""
    return await transaction.execute(INSERT, *columns(events))


async def absent(
    transaction: Transaction, versions: Sequence[tuple[UUID, int]]
) -> list[tuple[UUID, int]]:
    """Which versions of tasks the trail does not have."""
    tasks, numbers = [task for task, _ in versions], [number for _, number in versions]
    rows = await transaction.rows(ABSENT, tasks, numbers)
    return [(row["task_id"], row["version"]) for row in rows]


async def owner(transaction: Transaction, task_id: UUID) -> UUID | None:
    """Whose task the trail tells of; None when it knows none."""
    found: UUID | None = await transaction.value(OWNER, task_id)
    return found


async def of_task(transaction: Transaction, task_id: UUID, limit: int, cursor: str | None) -> Page:
    """A page of a task's events, oldest first."""
    after = _NOTHING_BEFORE if cursor is None else cursors.decode(cursor, OF_A_TASK, _Version)
    rows = await transaction.rows(OF_TASK, task_id, *after, limit + 1)
    more = len(rows) > limit
    place = (rows[limit - 1]["version"], rows[limit - 1]["event_id"]) if more else ()
    last = cursors.encode(OF_A_TASK, *place) if more else None
    return Page([row["payload"] for row in rows[:limit]], last)


async def search(transaction: Transaction, wanted: Filter, limit: int, cursor: str | None) -> Page:
    """A page of the events that match, in the order of their ids."""
    after = None if cursor is None else cursors.decode(cursor, OF_ALL, tuple[UUID])[0]
    sql, parameters = _statement(wanted, after)
    rows = await transaction.rows(f"{sql} LIMIT {limit + 1}", *parameters)
    more = len(rows) > limit
    last = cursors.encode(OF_ALL, rows[limit - 1]["event_id"]) if more else None
    return Page([row["payload"] for row in rows[:limit]], last)


async def every(transaction: Transaction, wanted: Filter) -> AsyncIterator[str]:
    """All events that match, as they come, in bounded memory."""
    sql, parameters = _statement(wanted, None)
    async for row in transaction.stream(sql, *parameters):
        yield row["payload"]


async def make_partition(transaction: Transaction, day: date) -> bool:
    """Make the partition of a day's month; False when there is nothing to do."""
    made: bool = await transaction.value(MAKE_PARTITION, day)
    return made


def _statement(wanted: Filter, after: UUID | None) -> tuple[str, list[object]]:
    """The query of a filter; what a person wrote is bound."""
    parameters: list[object] = []
    conditions = ["true"]
    for value, condition in (
        (wanted.since, "timestamp >= ${0}"),
        (wanted.until, "timestamp < ${0}"),
        (wanted.event_type, "event_type = ${0}"),
        (wanted.user_id, "user_id = ${0}"),
        (wanted.actor, "actor = ${0}"),
        (after, "event_id > ${0}"),
    ):
        if value is not None:
            parameters.append(value)
            conditions.append(condition.format(len(parameters)))
    where = " AND ".join(conditions)
    sql = (
        "SELECT event_id, payload::text AS payload FROM audit.task_events "  # noqa: S608 - constants
        f"WHERE {where} ORDER BY event_id"
    )
    return sql, parameters
