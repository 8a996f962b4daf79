"""A transaction always ends, whatever becomes of the server that it is open on."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from taskflow.db.engine import Database
from taskflow.db.hints import Hints

PATIENCE_SECONDS = 15
PID = "SELECT pg_backend_pid()"


@pytest.mark.parametrize("is_nested", [False, True])
async def test_a_transaction_on_a_server_that_says_nothing_any_more_can_be_given_up(
    database: Database, *, is_nested: bool
) -> None:
    async def work(frozen: asyncio.Future[int]) -> None:
        async with database.transaction() as transaction:
            pid = await transaction.value(PID)
            if is_nested:
                async with transaction.savepoint():
                    freeze(pid, frozen)
                    await transaction.value(PID)
            freeze(pid, frozen)
            await transaction.value(PID)

    assert await is_cancelled(work)
    await database.ping()


async def test_a_transaction_that_cannot_begin_can_be_given_up(dsn: str) -> None:
    database = Database(dsn, None, Hints(), max_connections=1)
    await database.open()

    async def work(frozen: asyncio.Future[int]) -> None:
        async with database.transaction() as transaction:
            pid = await transaction.value(PID)
        freeze(pid, frozen)
        await database.ping()

    assert await is_cancelled(work)
    await database.ping()
    await database.close()


def freeze(pid: int, frozen: asyncio.Future[int]) -> None:
    os.kill(pid, signal.SIGSTOP)
    frozen.set_result(pid)


async def is_cancelled(work: Callable[[asyncio.Future[int]], Coroutine[Any, Any, None]]) -> bool:
    """Whether work ends as cancelled though the server is frozen."""
    frozen: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        working = group.create_task(work(frozen))
        pid = await frozen
        await asyncio.sleep(0)
        working.cancel()
        await asyncio.wait({working}, timeout=PATIENCE_SECONDS)
        ended = working.cancelled()
        os.kill(pid, signal.SIGCONT)
    return ended
