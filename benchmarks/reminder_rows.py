"""Reminders written straight into the reminder service's tables, as its consumer writes them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import random
from typing import TYPE_CHECKING, Final
from uuid import UUID

import asyncpg
import msgspec
from tests.planning import make_task

from benchmarks.due import Workload
from taskflow.base.ids import new_id

if TYPE_CHECKING:
    from asyncpg import Connection, Record

# What is far ahead belongs to tasks that have ten reminders each; what is due, to one of its own.
FAR_PER_TASK: Final = 10
FAR_AT_ONCE: Final = 100_000
TASKS: Final = """
INSERT INTO reminders.tasks (task_id, version, event_id, correlation_id, task)
SELECT id, 1, gen_random_uuid(), 'benchmark', $2::jsonb FROM unnest($1::uuid[]) AS id
"""
REMINDERS: Final = """
INSERT INTO reminders.reminders (id, task_id, user_id, at, planned_at, fire_at, status)
SELECT id, task_id, $4, at, at, at, 'pending'
  FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS one (id, task_id, at)
"""
SETTLED: Final = "VACUUM ANALYZE reminders.reminders, reminders.tasks"


async def seed(dsn: str, pending: int, user_id: UUID) -> None:
    """Write so many that are far ahead."""
    connection = await asyncpg.connect(dsn)
    soon = datetime.now(UTC) + timedelta(days=30)
    for first in range(0, pending, FAR_AT_ONCE):
        number = min(FAR_AT_ONCE, pending - first)
        times = [soon + timedelta(days=300 * random()) for _ in range(number)]
        await _plan(connection, times, user_id, FAR_PER_TASK)
    await connection.execute(SETTLED)
    await connection.execute("CHECKPOINT")
    await connection.close()


async def write(dsn: str, workload: Workload, user_id: UUID) -> None:
    """Write those of a workload that are known beforehand."""
    times = [datetime.fromtimestamp(workload.at(number), UTC) for number in workload.before()]
    connection = await asyncpg.connect(dsn)
    await _plan(connection, times, user_id)
    await connection.execute("ANALYZE reminders.reminders")
    await connection.close()


async def _plan(
    connection: "Connection[Record]", times: Sequence[datetime], user_id: UUID, per_task: int = 1
) -> None:
    """Write reminders under such ids as they have, which rise in the order of their making."""
    tasks = [new_id(datetime.now(UTC)) for _ in times[::per_task]]
    of_task = [tasks[number // per_task] for number in range(len(times))]
    ids = [new_id(datetime.now(UTC)) for _ in times]
    await connection.execute(TASKS, tasks, _state(user_id))
    await connection.execute(REMINDERS, ids, of_task, times, user_id)


def _state(user_id: UUID) -> str:
    state = msgspec.structs.replace(make_task(), user_id=user_id)
    return msgspec.json.encode(state).decode()
