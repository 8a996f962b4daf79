"""The first account of an installation is the admin, and no other becomes it by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from taskflow.accounts import commands, queries
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


@pytest.fixture
async def fresh(empty: str) -> AsyncIterator[Database]:
    """The Task API's connections to an installation of its own."""
    await migrate(empty)
    async with opened(empty) as database:
        yield database


@asynccontextmanager
async def opened(address: str) -> AsyncIterator[Database]:
    database = Database(address, "taskflow_task_api", Hints(), max_connections=8)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def register(database: Database, now: datetime = NOW) -> User:
    wanted = commands.Registration(f"{uuid4().hex}@people.example", "hash", "Ada", "UTC")
    async with database.transaction() as transaction:
        return await commands.register(transaction, wanted, now)


async def register_in_vain(database: Database) -> None:
    wanted = commands.Registration(f"{uuid4().hex}@people.example", "hash", "Ada", "UTC")
    async with database.transaction() as transaction:
        await commands.register(transaction, wanted, NOW)
        raise ZeroDivisionError


async def erase(database: Database, user: User) -> None:
    async with database.transaction() as transaction:
        await commands.erase(transaction, user.id, NOW)


async def test_where_it_was_only_tried_out_and_the_account_erased_the_next_is_the_admin(
    fresh: Database,
) -> None:
    first = await register(fresh)
    assert first.role == "admin"
    await erase(fresh, first)
    users = await asyncio.gather(*(register(fresh) for _ in range(8)))
    assert [user.role for user in users].count("admin") == 1


async def test_where_people_have_lived_nobody_becomes_the_admin_though_all_are_erased(
    fresh: Database,
) -> None:
    await erase(fresh, await register(fresh))
    assert (await register(fresh, NOW + commands.NEW_FOR + timedelta(seconds=1))).role == "user"


async def test_after_the_admin_is_erased_nobody_becomes_it_beside_others(fresh: Database) -> None:
    first = await register(fresh)
    await register(fresh)
    await erase(fresh, first)
    assert (await register(fresh)).role == "user"


async def test_an_operator_can_name_another_admin(fresh: Database) -> None:
    await register(fresh)
    second = await register(fresh)
    async with fresh.transaction() as transaction:
        await commands.set_role(transaction, second.id, "admin", NOW)
        assert (await queries.user_by_id(transaction, second.id)).role == "admin"


async def test_a_first_registration_that_fails_leaves_the_place_to_the_next(
    fresh: Database,
) -> None:
    with pytest.raises(ZeroDivisionError):
        await register_in_vain(fresh)
    assert (await register(fresh)).role == "admin"


async def test_of_many_who_register_at_once_exactly_one_is_admin(fresh: Database) -> None:
    users = await asyncio.gather(*(register(fresh) for _ in range(8)))
    assert [user.role for user in users].count("admin") == 1


@pytest.mark.parametrize("trace", [OLD_USER, OLD_SESSION, OLD_EVENT])
async def test_an_old_installation_that_shows_a_trace_of_an_account_has_had_its_first(
    empty: str, trace: str
) -> None:
    connection = await asyncpg.connect(empty)
    await connection.execute(statements(None, "0009"))
    await connection.execute(trace, new_id(NOW), NOW)
    await connection.close()
    await migrate(empty)
    async with opened(empty) as database:
        assert (await register(database)).role == "user"
