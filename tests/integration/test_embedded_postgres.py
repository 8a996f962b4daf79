"""The embedded server: found again at its address, large enough, wherever its folder is."""

import asyncio
import os
import signal
from pathlib import Path

import asyncpg
import pytest

from taskflow.runner import postgres_child
from taskflow.runner.postgres import EmbeddedPostgres


async def test_a_server_that_is_started_again_is_where_it_was_however_long_its_path(
    open_dir: Path,
) -> None:
    postgres = EmbeddedPostgres(open_dir / ("deep" * 30), max_connections=123)
    await postgres.start()
    try:
        before = postgres.dsn()
        await postgres.stop()
        await postgres.start()
        assert postgres.dsn() == before
        connection = await asyncpg.connect(before)
        assert await connection.fetchval("SHOW max_connections") == "123"
        await connection.close()
    finally:
        await postgres.stop()


async def test_a_data_folder_may_be_named_from_where_one_stands(
    open_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(open_dir)
    postgres = EmbeddedPostgres(Path("relative"))
    await postgres.start()
    try:
        connection = await asyncpg.connect(postgres.dsn())
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
    finally:
        await postgres.stop()
    assert (open_dir / "relative" / "postgres" / "cluster").is_dir()


async def test_a_frozen_server_is_not_waited_for_as_one_that_shuts_down(
    open_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_child, "STOP_SECONDS", 3600.0)
    postgres = EmbeddedPostgres(open_dir / "frozen")
    await postgres.start()
    pid = postgres.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(60):
            await postgres.stop()
    except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        raise
    await postgres.start()
    await postgres.stop()
