"""The first account ever of an installation is its admin, and no other becomes it by being early."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from taskflow.accounts import commands
from taskflow.accounts.model import User
from taskflow.base.ids import new_id
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.db.migrate import migrate
from taskflow.db.migrations.__main__ import statements

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD_USER = """
INSERT INTO accounts.users (id, email, password_hash, name, timezone, role, created_at, updated_at)
VALUES ($1, 'old@people.example', 'hash', 'Old', 'UTC', 'admin', $2, $2)
"""
OLD_SESSION = """
INSERT INTO accounts.sessions (id, user_id, created_at, expires_at) VALUES ($1, $1, $2, $2)
"""
OLD_EVENT = """
INSERT INTO audit.task_events
  (event_id, event_type, task_id, user_id, timestamp, payload, partition_key, actor, version)
VALUES ($1, 'task.created', $1, $1, $2, '{}', '2026-03-01', 'user', 1)
"""


@pytest.fixture
async def empty(dsn: str) -> AsyncIterator[str]:
    """The address of a database of its own, without a schema."""
    name = f"first_{uuid4().hex}"
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"CREATE DATABASE {name}")
    parts = urlsplit(dsn)
    try:
        yield parts._replace(path=f"/{name}").geturl()
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()


async def register(database: Database) -> User:
    wanted = commands.Registration(f"{uuid4().hex}@people.example", "hash", "Ada", "UTC")
    async with database.transaction() as transaction:
        return await commands.register(transaction, wanted, NOW)


async def test_after_the_last_account_is_erased_nobody_becomes_admin_by_registering(
    empty: str,
) -> None:
    await migrate(empty)
    database = Database(empty, "taskflow_task_api", Hints(), max_connections=2)
    await database.open()
    try:
        first = await register(database)
        assert first.role == "admin"
        async with database.transaction() as transaction:
            await commands.erase(transaction, first.id, NOW)
        second = await register(database)
        assert second.role == "user"
        async with database.transaction() as transaction:
            await commands.set_role(transaction, second.id, "admin", NOW)
    finally:
        await database.close()


async def test_a_first_registration_that_fails_leaves_the_place_to_the_next(empty: str) -> None:
    await migrate(empty)
    database = Database(empty, "taskflow_task_api", Hints(), max_connections=2)
    await database.open()
    try:
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as transaction:
                wanted = commands.Registration("ada@people.example", "hash", "Ada", "UTC")
                await commands.register(transaction, wanted, NOW)
                raise ZeroDivisionError
        assert (await register(database)).role == "admin"
    finally:
        await database.close()


@pytest.mark.parametrize("trace", [OLD_USER, OLD_SESSION, OLD_EVENT])
async def test_an_installation_that_was_used_before_the_marker_has_had_its_first_account(
    empty: str, trace: str
) -> None:
    connection = await asyncpg.connect(empty)
    await connection.execute(statements(None, "0009"))
    await connection.execute(trace, new_id(NOW), NOW)
    await connection.close()
    await migrate(empty)
    database = Database(empty, "taskflow_task_api", Hints(), max_connections=2)
    await database.open()
    try:
        assert (await register(database)).role == "user"
    finally:
        await database.close()
