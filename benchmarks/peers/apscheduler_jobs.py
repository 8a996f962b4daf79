"""Dated jobs of APScheduler in its SQLAlchemy store on PostgreSQL, at its tightest.

It sleeps until the next job's time and forgets none for being late (`misfire_grace_time=None`). A
job counts when its function begins; the job's row is deleted, and committed, before that.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import uvloop
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import create_engine, text

from benchmarks import due
from benchmarks.peers.apscheduler_job import FIRED, NOTED, remind

# It writes them one by one.
PLANNED_PER_SECOND: Final = 60
SEED = """
INSERT INTO apscheduler_jobs (id, next_run_time, job_state)
SELECT 'far ' || n, next_run_time + n, job_state
  FROM apscheduler_jobs, generate_series(1, :pending) AS n WHERE id = 'far'
"""


def make_store(dsn: str) -> SQLAlchemyJobStore:
    """The store in a database."""
    url = dsn.replace("postgresql://", "postgresql+psycopg://", 1)
    return SQLAlchemyJobStore(engine=create_engine(url))


async def seed(dsn: str, pending: int) -> None:
    """Make the table, and so many jobs far ahead, each a copy of the first."""
    store = make_store(dsn)
    scheduler = AsyncIOScheduler(timezone=UTC, jobstores={"default": store})
    scheduler.start(paused=True)
    at = datetime.now(UTC) + timedelta(days=30)
    scheduler.add_job(remind, "date", run_date=at, args=(0, 0.0), id="far")
    with store.engine.begin() as connection:
        connection.execute(text(SEED), {"pending": pending})
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE apscheduler_jobs"))
    scheduler.shutdown(wait=False)


async def main(dsn: str, path: Path, workload: due.Workload) -> None:
    """Run to the end."""
    scheduler = AsyncIOScheduler(timezone=UTC, jobstores={"default": make_store(dsn)})
    scheduler.start(paused=True)

    def plan(number: int) -> None:
        at = workload.at(number)
        run_date = datetime.fromtimestamp(at, UTC)
        arguments = {"args": (number, at), "misfire_grace_time": None}
        scheduler.add_job(remind, "date", run_date=run_date, **arguments)

    first = list(workload.before())
    lead = due.AHEAD_SECONDS * 2 + len(first) / PLANNED_PER_SECOND
    workload = workload._replace(begin=time.time() + lead)
    for number in first:
        plan(number)
    workload.refuse_late()
    scheduler.resume()
    for number in workload.meanwhile():
        await asyncio.sleep(workload.at(number) - due.AHEAD_SECONDS - time.time())
        plan(number)
    async with asyncio.timeout(due.PATIENCE_SECONDS):
        while len(NOTED) < workload.due:
            FIRED.clear()
            await FIRED.wait()
    scheduler.shutdown(wait=False)
    due.write(path, NOTED)


if __name__ == "__main__":
    if sys.argv[2] == "seed":
        uvloop.run(seed(sys.argv[1], int(sys.argv[3])))
    else:
        uvloop.run(main(sys.argv[1], Path(sys.argv[2]), due.Workload.of(sys.argv[3:])))
