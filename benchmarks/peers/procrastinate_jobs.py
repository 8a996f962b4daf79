"""Scheduled jobs of procrastinate, at its tightest: a poll each 10 ms, many at a time.

A worker is told of new jobs by PostgreSQL's notifications; what is scheduled it finds by polling
(`fetch_job_polling_interval`). A job counts when its function begins, which is after the commit
that gave it to the worker.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg
from procrastinate import App, PsycopgConnector

from benchmarks import due

POLL_SECONDS: Final = 0.01
AT_ONCE: Final = 100
PLANNED_PER_SECOND: Final = 1_000
SEED = """
INSERT INTO procrastinate_jobs (task_name, queue_name, args, scheduled_at)
SELECT 'remind', 'default', '{}', now() + interval '30 days' FROM generate_series(1, %s)
"""
BEFORE = """
INSERT INTO procrastinate_jobs (task_name, queue_name, args, scheduled_at)
SELECT 'remind', 'default', jsonb_build_object('number', number, 'at', at), to_timestamp(at)
  FROM unnest(%s::integer[], %s::float8[]) AS due (number, at)
"""


def make_app(dsn: str) -> App:
    """Procrastinate over a database."""
    return App(connector=PsycopgConnector(conninfo=dsn, min_size=4, max_size=16))


async def seed(dsn: str, pending: int) -> None:
    """Make the tables, and so many jobs far ahead."""
    async with make_app(dsn).open_async() as app:
        await app.schema_manager.apply_schema_async()
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        # Its triggers tell of each job; nobody listens yet.
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(SEED, [pending])
        await connection.execute("VACUUM ANALYZE procrastinate_jobs")


async def plan_before(dsn: str, workload: due.Workload) -> None:
    """Write at once what is planned beforehand."""
    numbers = list(workload.before())
    times = [workload.at(number) for number in numbers]
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        await connection.execute(BEFORE, [numbers, times])


async def main(dsn: str, path: Path, workload: due.Workload) -> None:
    """Run to the end."""
    noted: due.Noted = []
    is_done = asyncio.Event()
    app = make_app(dsn)

    @app.task(name="remind")
    async def remind(number: int, at: float) -> None:
        noted.append((number, time.time() - at))
        if len(noted) >= workload.due:
            is_done.set()

    async def plan(number: int) -> None:
        at = workload.at(number)
        await remind.configure(schedule_at=datetime.fromtimestamp(at, UTC)).defer_async(
            number=number, at=at
        )

    async def plan_meanwhile() -> None:
        for number in workload.meanwhile():
            await asyncio.sleep(workload.at(number) - due.AHEAD_SECONDS - time.time())
            await plan(number)

    async with app.open_async():
        lead = due.AHEAD_SECONDS * 2 + workload.due / PLANNED_PER_SECOND
        workload = workload._replace(begin=time.time() + lead)
        await plan_before(dsn, workload)
        workload.refuse_late()
        worker = asyncio.create_task(
            app.run_worker_async(
                concurrency=AT_ONCE,
                fetch_job_polling_interval=POLL_SECONDS,
                install_signal_handlers=False,
                wait=True,
            )
        )
        await plan_meanwhile()
        async with asyncio.timeout(due.PATIENCE_SECONDS):
            await is_done.wait()
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    due.write(path, noted)


if __name__ == "__main__":
    if sys.argv[2] == "seed":
        asyncio.run(seed(sys.argv[1], int(sys.argv[3])))
    else:
        asyncio.run(main(sys.argv[1], Path(sys.argv[2]), due.Workload.of(sys.argv[3:])))
