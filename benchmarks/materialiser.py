"""`python -m benchmarks.materialiser DSN`: a further replica of what makes what piles up."""

import sys

import uvloop
from prometheus_client import CollectorRegistry, Counter

from taskflow.base.clock import SystemClock
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.services.recurring_processor.materialising import Materialiser

READY = "the replica is ready"


async def main(dsn: str) -> None:
    """Make what is due until the process is ended."""
    database = Database(dsn, "taskflow_recurring", Hints())
    await database.open()
    counter = Counter("made", "Made.", registry=CollectorRegistry())
    print(READY, flush=True)
    await Materialiser(database, SystemClock(), counter, look_seconds=1.0).run()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
