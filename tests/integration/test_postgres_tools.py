"""The programs as processes: none is waited for that has nothing more to say."""

import asyncio
import gc
import os
from pathlib import Path

import pytest

from taskflow.base.errors import Unavailable
from taskflow.runner.postgres_binaries import Binaries
from taskflow.runner.postgres_tools import CHUNK_BYTES, Tools

PATIENCE_SECONDS = 20
DSN = "postgresql://someone:s3cret@127.0.0.1/taskflow"
ENDLESS = 'case "$*" in *pre-data*) exit 0;; esac; exec yes'


def programs(folder: Path, **scripts: str) -> Tools:
    """Tools whose programs are shell scripts."""
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return Tools(Binaries(folder, 18))


async def test_a_load_ends_when_the_database_refuses(tmp_path: Path) -> None:
    refusing = "head -c 3000000 >/dev/null; echo 'psql: error: no room' >&2; exit 3"
    tools = programs(tmp_path, pg_restore=ENDLESS, psql=refusing)
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(Unavailable, match="psql failed: psql: error: no room"):
            await tools.load(DSN, lambda: [b"dump"])


async def test_a_load_that_is_stopped_ends_its_programs(tmp_path: Path) -> None:
    full = tmp_path / "full"
    os.mkfifo(full)
    # The reader fills every buffer on the way, the writer takes one line and then no more.
    stalled = f"head -n 1 >/dev/null; echo $$ >{full}; exec sleep 600"
    tools = programs(tmp_path, pg_restore=ENDLESS, psql=stalled)
    async with asyncio.timeout(PATIENCE_SECONDS):
        loading = asyncio.ensure_future(tools.load(DSN, lambda: [b"dump"]))
        pid = int(await asyncio.to_thread(full.read_text))
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_program_that_has_read_enough_leaves_without_a_complaint(tmp_path: Path) -> None:
    # Pythons before 3.11.4, such as Debian's, complain of a broken pipe that nobody asked about.
    complaints: list[dict[str, object]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, told: complaints.append(told))
    try:
        tools = programs(tmp_path, pg_restore="head -c 100000 >/dev/null")
        await tools.check([b"x" * CHUNK_BYTES] * 3)
        gc.collect()
    finally:
        loop.set_exception_handler(None)
    assert complaints == []


async def test_a_password_is_on_no_command_line(tmp_path: Path) -> None:
    told = tmp_path / "told"
    noting = f'echo "$0 $* $PGPASSWORD" >>{told}'
    tools = programs(tmp_path, pg_dump=noting, pg_restore=noting, psql=f"cat >/dev/null; {noting}")
    await tools.dump(DSN, "snapshot", lambda _chunk: None)
    await tools.load(DSN, lambda: [b"dump"])
    lines = told.read_text().splitlines()
    assert len(lines) == 4
    assert [line.count("s3cret") for line in lines] == [line.endswith(" s3cret") for line in lines]
    assert sum(line.endswith(" s3cret") for line in lines) == 2
