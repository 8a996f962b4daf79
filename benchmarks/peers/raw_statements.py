"""The machine's limit of goal 7: the same rows marked and written by SQL alone, durably.

As many at a time over as many connections as we use; no event is made, a constant of its size is
written instead.
"""

import asyncio
import sys
import time
from pathlib import Path
from uuid import uuid4

import asyncpg
import uvloop

from benchmarks import due, reminder_rows
from benchmarks.our_reminders import EMPTY
from taskflow.services.reminder.firing import AT_ONCE, IN_FLIGHT

ALL = "SELECT id FROM reminders.reminders ORDER BY fire_at"
FIRE = """
WITH fired AS (
  UPDATE reminders.reminders SET status = 'sent', fired_at = now(), late_by_seconds = 0
   WHERE id = ANY($1::uuid[]) AND status = 'pending' RETURNING id, task_id
)
INSERT INTO delivery.outbox (event_id, source, topic, key, envelope, created_at)
SELECT fired.id, '/taskflow/reminder', 'taskflow.tasks.reminder-triggered', fired.task_id::text,
       $2::bytea, now()
  FROM fired
"""
BYTES = 1_250


async def main(dsn: str, path: Path, workload: due.Workload) -> None:
    """Run to the end."""
    noted: due.Noted = []
    async with asyncpg.create_pool(dsn, min_size=IN_FLIGHT, max_size=IN_FLIGHT) as pool:
        await pool.execute(EMPTY)
        await reminder_rows.write(dsn, workload._replace(begin=time.time()), uuid4())
        ids = [row[0] for row in await pool.fetch(ALL)]
        await pool.execute("CHECKPOINT")
        begin = time.time()
        starts = iter(range(0, len(ids), AT_ONCE))

        async def work() -> None:
            for start in starts:
                await pool.execute(FIRE, ids[start : start + AT_ONCE], b"x" * BYTES)
                taken = time.time() - begin
                numbers = range(start, min(start + AT_ONCE, len(ids)))
                noted.extend((number, taken - workload.at(number)) for number in numbers)

        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    due.write(path, noted)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], Path(sys.argv[2]), due.Workload.of(sys.argv[3:])))
