"""What tests begin with: installations and series of their own, a database and who receives."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from tests.fresh import fresh_database
from tests.installation import ADD_USER, Installation, Server
from tests.receiver import Receiver, receiving
from tests.series_world import Begin, World

from taskflow.accounts.keys import load_signing_key
from taskflow.db.engine import Database
from taskflow.db.migrate import migrate
from taskflow.runner.addresses import with_database


@pytest.fixture(scope="module")
async def server(dsn: str) -> AsyncIterator[Server]:
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def model(server: Server, dsn: str) -> AsyncIterator[str]:
    """A database with the newest schema and two accounts, to copy."""
    name = f"model{uuid4().hex}"
    await server.execute(f"CREATE DATABASE {name}")
    await migrate(with_database(dsn, name))
    connection = await asyncpg.connect(with_database(dsn, name))
    for user in ("ada@example.com", "grace@example.com"):
        await connection.execute(ADD_USER, user)
    await connection.close()
    yield name
    await server.execute(f"DROP DATABASE {name}")


async def install(
    server: Server, dsn: str, folder: Path, model: str
) -> AsyncIterator[Installation]:
    name = f"t{uuid4().hex}"
    await server.execute(f"CREATE DATABASE {name} TEMPLATE {model}")
    (folder / name).mkdir()
    yield Installation(folder / name, with_database(dsn, name))
    await server.execute(f"DROP DATABASE {name}")


@pytest.fixture
async def full(server: Server, dsn: str, tmp_path: Path, model: str) -> AsyncIterator[Installation]:
    """An installation with two accounts."""
    async for found in install(server, dsn, tmp_path, model):
        load_signing_key(found.folder)
        yield found


@pytest.fixture
async def empty(server: Server, dsn: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """An installation without anything in it."""
    async for found in install(server, dsn, tmp_path, "template0"):
        yield found


@pytest.fixture
async def other(
    server: Server, dsn: str, tmp_path: Path, model: str
) -> AsyncIterator[Installation]:
    """An installation with data of its own."""
    async for found in install(server, dsn, tmp_path, model):
        load_signing_key(found.folder)
        await found.run(ADD_USER, "old@example.com")
        yield found


@pytest.fixture
async def own(dsn: str) -> AsyncIterator[Database]:
    """The reminder service's connections to a database that has nothing else to fire or carry."""
    async with fresh_database(dsn, "taskflow_reminders") as database:
        yield database


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver of reminders that listens."""
    async with receiving() as found:
        yield found


@pytest.fixture
async def begin(dsn: str) -> AsyncIterator[Begin]:
    """Begins a series in a database of its own; its first news is heard, or comes late."""
    async with AsyncExitStack() as stack:

        async def begun(
            recurrence: dict[str, object], *, floating: bool = False, is_heard: bool = True
        ) -> World:
            database = await stack.enter_async_context(fresh_database(dsn, role=None))
            transaction = await stack.enter_async_context(database.transaction())
            world = World(transaction, recurrence)
            await world.begin(floating=floating)
            if is_heard:
                await world.settle()
            return world

        yield begun
