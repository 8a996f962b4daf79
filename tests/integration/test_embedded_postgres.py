"""The embedded PostgreSQL on a disk."""

from pathlib import Path

import asyncpg
import pytest

from taskflow.runner.postgres import EmbeddedPostgres


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
