"""The reminder service's own loops in a process that can be killed: `python -m` with an address.

What it has beside the product's is a channel that is reached over HTTP.
"""

import asyncio
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.receiver import HttpChannel

from taskflow.base.clock import SystemClock
from taskflow.base.settings import Settings
from taskflow.chassis.auth import Authenticator
from taskflow.chassis.metrics import Metrics
from taskflow.chassis.service import Context
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.services.reminder.main import build_with


async def main(dsn: str) -> None:
    """Fire and carry until killed."""
    clock = SystemClock()
    database = Database(dsn, "taskflow_reminders", Hints())
    await database.open()
    key = Ed25519PrivateKey.generate().public_key()
    context = Context(
        settings=Settings.load(),
        clock=clock,
        database=database,
        authenticator=Authenticator(key, database, clock),
        metrics=Metrics("reminder"),
    )
    parts = build_with(context, {"hook": HttpChannel()})
    await asyncio.gather(*(loop() for loop in parts.loops))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
