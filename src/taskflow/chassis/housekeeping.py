"""Removes what nobody can ask for any more, in batches, so that no transaction grows long."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

import structlog

from taskflow.base.clock import Clock
from taskflow.base.errors import Unavailable
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction

Chore = Callable[[Transaction, datetime, int], Awaitable[int]]
"""Removes at most so many rows that are old at an instant; returns how many."""
BATCH: Final = 1_000
EVERY_SECONDS: Final = 3600.0

log = structlog.get_logger()


async def keep_house(database: Database, clock: Clock, chores: Sequence[Chore]) -> None:
    """Sweep at the start and every hour, until cancelled."""
    while True:
        try:
            await sweep(database, clock, chores)
        except Unavailable as error:
            log.warning("housekeeping.waiting", reason=error.detail)
        await asyncio.sleep(EVERY_SECONDS)


async def sweep(
    database: Database, clock: Clock, chores: Sequence[Chore], batch: int = BATCH
) -> None:
    """Do each chore until there is nothing left to do, every batch in its own transaction.

    Raises:
        Unavailable: the database is away; what was removed stays removed.
    """
    now = clock.now()
    for chore in chores:
        removed = batch
        while removed == batch:
            async with database.transaction() as transaction:
                removed = await chore(transaction, now, batch)
