"""Scheduled jobs of awa, many at a time, told of by PostgreSQL's notifications.

Its leader promotes in an interval what has become due (`promote_interval_ms`). The interval is the
last argument, since the tightest is not always the best: where three promotions in a row take
longer than one and a half of it, the leader leaves out the next 120. A job counts when its function
begins, which is after the commit that gave it to the worker.
"""

import asyncio
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg
import uvloop
from awa import AsyncClient, Job

from benchmarks import due

POLL_MS: Final = 10
AT_ONCE: Final = 512
CONNECTIONS: Final = 20
# A turn may begin before the session of the last leader has ended.
LEADER_MS: Final = 100
SHUTDOWN_MS: Final = 60_000
STEP_SECONDS: Final = 0.05
PLANNED_PER_SECOND: Final = 1_000
FAR_SECONDS: Final = 86_400.0
QUEUE: Final = "reminders"
BATCH: Final = 10_000
# What its first worker would do; a new database has its older storage until then.
ACTIVATE: Final = "SELECT awa.storage_auto_finalize_if_fresh('awa')"
EACH_ITS_TIME: Final = """
UPDATE awa.deferred_jobs SET run_at = to_timestamp((args ->> 'at')::float8)
 WHERE state = 'scheduled' AND run_at = $1
"""
SETTLED: Final = "VACUUM ANALYZE awa.deferred_jobs"


@dataclass
class Remind:
    """What a job is given; the class names its kind."""

    number: int
    at: float


def make_client(dsn: str) -> AsyncClient:
    """Awa over a database; it wants a host in the address, even where a socket follows."""
    return AsyncClient(dsn.replace("@/", "@localhost/", 1), CONNECTIONS)


async def seed(dsn: str, pending: int) -> None:
    """Make the tables, and so many jobs far ahead."""
    connection = await asyncpg.connect(dsn)
    async with make_client(dsn) as client:
        await client.migrate()
        await connection.execute(ACTIVATE)
        for begin in range(0, pending, BATCH):
            jobs = [Remind(0, 0.0)] * min(BATCH, pending - begin)
            run_at = datetime.now(UTC) + timedelta(days=30, seconds=begin)
            await client.enqueue_many_copy(jobs, queue=QUEUE, run_at=run_at)
    await connection.execute(SETTLED)
    await connection.close()


async def start(client: AsyncClient, promote_ms: int) -> None:
    """Start its worker, and wait until it is the one that promotes."""
    queue = {"name": QUEUE, "max_workers": AT_ONCE, "deadline_duration_ms": 0}
    await client.start(
        [queue],
        poll_interval_ms=POLL_MS,
        promote_interval_ms=promote_ms,
        leader_election_interval_ms=LEADER_MS,
    )
    async with asyncio.timeout(due.PATIENCE_SECONDS):
        while not (await client.health_check()).leader:  # noqa: ASYNC110 - awa tells by no event
            await asyncio.sleep(STEP_SECONDS)


async def main(dsn: str, path: Path, workload: due.Workload, promote_ms: int) -> None:
    """Run to the end."""
    noted: due.Noted = []
    is_done = asyncio.Event()
    client = make_client(dsn)

    @client.task(Remind, queue=QUEUE)
    async def remind(job: "Job[Remind]") -> None:
        noted.append((job.args.number, time.time() - job.args.at))
        if len(noted) >= workload.due:
            is_done.set()

    async with client:
        lead = due.AHEAD_SECONDS * 2 + workload.due / PLANNED_PER_SECOND
        workload = workload._replace(begin=time.time() + lead)
        await plan_before(client, dsn, workload)
        await start(client, promote_ms)
        workload.refuse_late()
        await plan_meanwhile(client, workload)
        async with asyncio.timeout(due.PATIENCE_SECONDS):
            await is_done.wait()
        await client.shutdown(SHUTDOWN_MS)
    due.write(path, noted)


async def plan_before(client: AsyncClient, dsn: str, workload: due.Workload) -> None:
    """Write what is planned beforehand in bulk, where all get one time, and then each its own."""
    jobs = [Remind(number, workload.at(number)) for number in workload.before()]
    placeholder = datetime.fromtimestamp(workload.begin + FAR_SECONDS, UTC)
    for begin in range(0, len(jobs), BATCH):
        batch = jobs[begin : begin + BATCH]
        await client.enqueue_many_copy(batch, queue=QUEUE, run_at=placeholder)
    connection = await asyncpg.connect(dsn)
    await connection.execute(EACH_ITS_TIME, placeholder)
    await connection.execute(SETTLED)
    await connection.close()


async def plan_meanwhile(client: AsyncClient, workload: due.Workload) -> None:
    """Write each of the others a while before its time."""
    for number in workload.meanwhile():
        at = workload.at(number)
        await asyncio.sleep(at - due.AHEAD_SECONDS - time.time())
        run_at = datetime.fromtimestamp(at, UTC)
        await client.insert(Remind(number, at), queue=QUEUE, run_at=run_at)


if __name__ == "__main__":
    if sys.argv[2] == "seed":
        uvloop.run(seed(sys.argv[1], int(sys.argv[3])))
    else:
        *numbers, interval = sys.argv[3:]
        uvloop.run(main(sys.argv[1], Path(sys.argv[2]), due.Workload.of(numbers), int(interval)))
