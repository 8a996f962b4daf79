"""A database of a test's own, in the cluster that all share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg

from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.db.migrate import migrate

PATTERN = "fresh_pattern"


@asynccontextmanager
async def empty_database(dsn: str, pattern: str = "template1") -> AsyncIterator[str]:
    """The address of a database without a schema; it is dropped in the end."""
    name = f"test_{uuid4().hex}"
    cluster = await asyncpg.connect(dsn)
    try:
        await cluster.execute(f"CREATE DATABASE {name} TEMPLATE {pattern}")
        yield _within(dsn, name)
        await cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await cluster.close()


@asynccontextmanager
async def fresh_address(dsn: str) -> AsyncIterator[str]:
    """The address of a migrated database that nobody else writes to."""
    await _make_pattern(dsn)
    async with empty_database(dsn, PATTERN) as address:
        yield address


@asynccontextmanager
async def fresh_database(
    dsn: str, role: str | None = "taskflow_task_api"
) -> AsyncIterator[Database]:
    """Connections under a role to a migrated database that nobody else writes to."""
    async with fresh_address(dsn) as address, connected(address, role) as database:
        yield database


@asynccontextmanager
async def connected(dsn: str, role: str | None) -> AsyncIterator[Database]:
    """Connections under a role."""
    database = Database(dsn, role, Hints(), max_connections=12)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def _make_pattern(dsn: str) -> None:
    """Migrate a database once, for the others to be copies of."""
    cluster = await asyncpg.connect(dsn)
    try:
        if await cluster.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", PATTERN):
            return
        await cluster.execute(f"CREATE DATABASE {PATTERN}")
    finally:
        await cluster.close()
    await migrate(_within(dsn, PATTERN))


def _within(dsn: str, name: str) -> str:
    return dsn.replace("@/taskflow?", f"@/{name}?")
