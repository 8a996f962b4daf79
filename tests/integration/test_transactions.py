"""A transaction always ends, whatever becomes of the server that it is open on."""

import asyncio
import os
import signal

import pytest

from taskflow.db.engine import Database

PATIENCE_SECONDS = 15


@pytest.mark.parametrize("is_nested", [False, True])
async def test_a_transaction_on_a_server_that_says_nothing_any_more_can_be_given_up(
    database: Database, *, is_nested: bool
) -> None:
    frozen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def work() -> None:
        async with database.transaction() as transaction:
            pid: int = await transaction.value("SELECT pg_backend_pid()")
            if is_nested:
                async with transaction.savepoint():
                    await freeze(pid)
                    await transaction.value("SELECT 1")
            await freeze(pid)
            await transaction.value("SELECT 1")

    async def freeze(pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        frozen.set_result(pid)

    working = asyncio.ensure_future(work())
    pid = await frozen
    try:
        await asyncio.sleep(0)
        working.cancel()
        done, _ = await asyncio.wait({working}, timeout=PATIENCE_SECONDS)
        assert done
        assert working.cancelled()
    finally:
        os.kill(pid, signal.SIGCONT)
        await asyncio.wait({working})
    await database.ping()
