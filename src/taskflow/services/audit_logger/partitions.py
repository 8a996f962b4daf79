"""Makes the months' partitions ahead of time."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Final

import structlog

from taskflow.base.clock import Clock
from taskflow.base.errors import Unavailable
from taskflow.db.engine import Database
from taskflow.services.audit_logger import storage

MONTHS_AHEAD: Final = 3
EVERY_SECONDS: Final = 6 * 3600.0

log = structlog.get_logger()


def months(now: datetime) -> list[date]:
    """The first days of this month and of those ahead."""
    first = now.date().replace(day=1)
    found = [first]
    for _ in range(MONTHS_AHEAD):
        found.append((found[-1] + timedelta(days=32)).replace(day=1))
    return found


async def keep_ahead(database: Database, clock: Clock) -> None:
    """Make what is missing, now and then, until cancelled."""
    while True:
        try:
            async with database.transaction() as transaction:
                for month in months(clock.now()):
                    await storage.make_partition(transaction, month)
        except Unavailable as error:
            log.warning("partitions.waiting", reason=error.detail)
        await asyncio.sleep(EVERY_SECONDS)
