"""A migrated database of a test's own, in the cluster that all share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg

from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.db.migrate import migrate


@asynccontextmanager
async def empty_database(dsn: str) -> AsyncIterator[str]:
    """The address of a database without a schema; it is dropped in the end."""
    name = f"test_{uuid4().hex}"
    cluster = await asyncpg.connect(dsn)
    try:
        await cluster.execute(f"CREATE DATABASE {name}")
        yield dsn.replace("@/taskflow?", f"@/{name}?")
        await cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await cluster.close()


@asynccontextmanager
async def fresh_database(
    dsn: str, role: str = "taskflow_task_api", hints: Hints | None = None
) -> AsyncIterator[Database]:
    """Connections under a role to a database that nobody else writes to."""
    async with empty_database(dsn) as address:
        await migrate(address)
        async with connected(address, role, hints) as database:
            yield database


@asynccontextmanager
async def connected(
    dsn: str, role: str | None, hints: Hints | None = None
) -> AsyncIterator[Database]:
    """Connections under a role."""
    database = Database(dsn, role, hints or Hints(), max_connections=12)
    await database.open()
    try:
        yield database
    finally:
        await database.close()
