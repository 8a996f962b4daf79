"""Waiting for two transactions to meet, without any sleep."""

import asyncio

from taskflow.db.engine import Database

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


async def waits_or_ends(database: Database, task: "asyncio.Task[None]") -> None:
    """Return once a transaction waits for a lock, or the task has ended without."""
    async with asyncio.timeout(10):
        while not task.done():
            async with database.transaction(read_only=True) as transaction:
                if await transaction.value(WAITING):
                    return
