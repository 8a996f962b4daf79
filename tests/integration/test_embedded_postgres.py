"""The embedded server: found again at its address, large enough for every pool."""

from pathlib import Path

import asyncpg

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
