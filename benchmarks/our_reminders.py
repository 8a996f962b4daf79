"""Our burst: the reminder service's firing over its table, alone in a process.

What it writes is what counts: the mark and the event of each, committed durably. Who publishes the
events and takes them is left out, as it is of the peers.
"""

import asyncio
import gc
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
import uvloop
from prometheus_client import CollectorRegistry, Histogram

from benchmarks import due, reminder_rows
from benchmarks.processes import Failed
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.runner.hosting import GARBAGE_AT_ONCE
from taskflow.services.reminder.firing import Firing
from taskflow.services.reminder.main import service
from taskflow.services.reminder.schedule_memory import MemorySchedule

# Writing them takes a while, and so does the first reading.
PLANNED_PER_SECOND: Final = 10_000
EMPTY = "TRUNCATE reminders.reminders, reminders.tasks, delivery.outbox"
EVENTS = "SELECT count(*), count(DISTINCT event_id) FROM delivery.outbox"


class Watch:
    """A clock that remembers the last time it told."""

    def __init__(self) -> None:
        self.last = datetime.now(UTC)

    def now(self) -> datetime:
        """The present instant."""
        self.last = datetime.now(UTC)
        return self.last


class Pen(Histogram):
    """Writes down what is observed, under the number that the time stands for."""

    def begin(self, watch: Watch, workload: due.Workload) -> None:
        """From now on."""
        self._observed: list[tuple[datetime, float]] = []
        self.is_done = asyncio.Event()
        self._watch, self._workload = watch, workload

    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None:
        """Note how late one was."""
        super().observe(amount, exemplar)
        self._observed.append((self._watch.last, amount))
        if len(self._observed) >= self._workload.due:
            self.is_done.set()

    @property
    def noted(self) -> due.Noted:
        """What was observed, reckoned once all of it is over."""
        begin, each = self._workload.begin, self._workload.seconds / self._workload.due
        return [
            (round((at.timestamp() - amount - begin) / each), amount)
            for at, amount in self._observed
        ]


async def main(dsn: str, path: Path, workload: due.Workload) -> None:
    """Run to the end."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(EMPTY)
    lead = due.AHEAD_SECONDS * 2 + workload.due / PLANNED_PER_SECOND
    workload = workload._replace(begin=round(time.time() + lead))
    await reminder_rows.write(dsn, workload, uuid4())
    database, watch = Database(dsn, service.role, Hints()), Watch()
    await database.open()
    pen = Pen("lateness", "Seconds.", registry=CollectorRegistry())
    pen.begin(watch, workload)
    schedule = MemorySchedule.over(database, watch)
    # As the product does once all of it is there (runner/hosting.py).
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AT_ONCE)
    firing = asyncio.create_task(Firing(database, schedule, watch, pen).run())
    async with asyncio.timeout(due.PATIENCE_SECONDS):
        await pen.is_done.wait()
    firing.cancel()
    await asyncio.gather(firing, return_exceptions=True)
    await database.close()
    events = await connection.fetchrow(EVENTS)
    if tuple(events) != (workload.due, workload.due):
        raise Failed(f"{tuple(events)} events, different ones, of {workload.due} reminders")
    await connection.close()
    due.write(path, pen.noted)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], Path(sys.argv[2]), due.Workload.of(sys.argv[3:])))
