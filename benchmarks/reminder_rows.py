"""Reminders written straight into the reminder service's tables, as its consumer writes them."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

import asyncpg
import msgspec
from tests.planning import make_task

from benchmarks.due import Workload

# Tasks of what is far ahead have ten reminders each; of what is due, one.
FAR: Final = """
WITH task AS (
  INSERT INTO reminders.tasks (task_id, version, event_id, correlation_id, task)
  SELECT gen_random_uuid(), 1, gen_random_uuid(), 'far', $1::jsonb
    FROM generate_series(1, $2::integer / 10)
  RETURNING task_id
)
INSERT INTO reminders.reminders (id, task_id, user_id, at, planned_at, fire_at, status)
SELECT gen_random_uuid(), task_id, $3, at, at, at, 'pending'
  FROM task, generate_series(1, 10),
       LATERAL (SELECT now() + interval '30 days' + random() * interval '300 days' AS at) AS times
"""
TASKS: Final = """
INSERT INTO reminders.tasks (task_id, version, event_id, correlation_id, task)
SELECT id, 1, gen_random_uuid(), 'due', $2::jsonb FROM unnest($1::uuid[]) AS id
"""
DUE: Final = """
INSERT INTO reminders.reminders (id, task_id, user_id, at, planned_at, fire_at, status)
SELECT gen_random_uuid(), id, $2, at, at, at, 'pending'
  FROM unnest($1::uuid[], $3::timestamptz[]) AS due (id, at)
"""
SETTLED: Final = "VACUUM ANALYZE reminders.reminders, reminders.tasks"


async def seed(dsn: str, pending: int, user_id: UUID) -> None:
    """Write so many that are far ahead."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(FAR, _state(user_id), pending, user_id)
    await connection.execute(SETTLED)
    await connection.execute("CHECKPOINT")
    await connection.close()


async def write(dsn: str, workload: Workload, user_id: UUID) -> None:
    """Write those of a workload that are known beforehand."""
    times = [datetime.fromtimestamp(workload.at(number), UTC) for number in workload.before()]
    tasks = [uuid4() for _ in times]
    connection = await asyncpg.connect(dsn)
    await connection.execute(TASKS, tasks, _state(user_id))
    await connection.execute(DUE, tasks, user_id, times)
    await connection.execute("ANALYZE reminders.reminders")
    await connection.close()


def _state(user_id: UUID) -> str:
    state = msgspec.structs.replace(make_task(), user_id=user_id)
    return msgspec.json.encode(state).decode()
