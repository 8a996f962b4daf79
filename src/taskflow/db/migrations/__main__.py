"""Bring a database to the newest revision: `python -m taskflow.db.migrations`, address on stdin.

Alembic orders the migrations and writes them out as SQL; the driver runs that, so there is no
second driver. It is a process of its own, so that Alembic costs the services no memory; the
address comes on standard input, so that no process list shows a password.
"""

import asyncio
import io
import sys
from pathlib import Path
from typing import Final

import asyncpg
from alembic import command
from alembic.config import Config

LOCK: Final = 7_310_201_442_051_337_000
PRESENT = "SELECT version_num FROM alembic_version"


async def migrate(dsn: str) -> None:
    """Run what is missing under an advisory lock, so that replicas never run it at once."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        try:
            present = await connection.fetchval(PRESENT)
        except asyncpg.UndefinedTableError:
            present = None
        # Somebody else may have been here while this waited for the lock.
        if missing := statements(present):
            await connection.execute(missing)
    finally:
        await connection.close()


def statements(present: str | None, target: str = "head") -> str:
    """The SQL that leads from a revision to a newer one; empty when there is none."""
    sql = io.StringIO()
    config = Config(output_buffer=sql)
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, f"{present or 'base'}:{target}", sql=True)
    return sql.getvalue().strip()


if __name__ == "__main__":
    asyncio.run(migrate(sys.stdin.readline().strip()))
