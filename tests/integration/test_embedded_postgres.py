"""The embedded server: found again at its address, large enough, wherever its folder is."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from taskflow.runner import postgres_child
from taskflow.runner.postgres import EmbeddedPostgres
from taskflow.runner.postgres_child import Account, owner_of


@contextmanager
def unburied(account: Account | None) -> Iterator[int]:
    """The id of a process that has ended, and that its parent has not asked about yet."""
    ids = (account.uid, account.gid) if account else (None, None)
    with subprocess.Popen(["/bin/true"], user=ids[0], group=ids[1]) as dead:
        os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
        yield dead.pid


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


async def test_a_server_that_was_killed_and_is_not_buried_yet_hinders_no_start(
    open_dir: Path,
) -> None:
    postgres = EmbeddedPostgres(open_dir / "unburied")
    await postgres.start()
    lock = open_dir / "unburied" / "postgres" / "cluster" / "postmaster.pid"
    left = lock.read_text().splitlines()
    await postgres.stop()
    owner = owner_of(lock.parent)
    with unburied(owner) as dead:
        lock.write_text("\n".join([str(dead), *left[1:]]) + "\n")
        if owner is not None:
            os.chown(lock, owner.uid, owner.gid)
        await postgres.start()
        assert int(lock.read_text().split()[0]) == postgres.pid
        await postgres.stop()
