"""What takes long in a migration keeps nobody from reading or writing meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID, uuid4

import asyncpg
import pytest
from tests.carrying import until
from tests.fresh import empty_database

from taskflow.db.migrate import known_revisions, migrate, present_revision
from taskflow.db.migrations.__main__ import statements

if TYPE_CHECKING:
    from asyncpg import Connection, Record

Server: TypeAlias = "Connection[Record]"
# Enough of each for it to stand where an older TaskFlow left it.
ADD_SERIES = """
INSERT INTO recurring.series (id, user_id, timezone, all_day, start_at, used, made, status,
                              current_task_id, created_at, updated_at)
VALUES ($1, $1, 'UTC', false, '', 1, 1, 'active', $1, now(), now())
"""
ADD_TASK = """
INSERT INTO tasks.tasks (id, user_id, title, timezone, series_id, version, created_at, updated_at)
VALUES ($1, $2, 'Water', 'UTC', $2, $3, now(), now())
"""
ADD_INSTANCE = """
INSERT INTO recurring.instances (task_id, series_id, title, position, version, own_version, status,
                                 is_deleted, is_withdrawn, repeats, occurrence_date)
VALUES ($1, $2, 'Water', 1, 1, 1, 'pending', false, false, true, '')
"""
WAITING = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'recurring.instances'::regclass
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
TOUCHED = "SELECT id, is_touched FROM tasks.tasks"
VERSION = "UPDATE tasks.tasks SET version = version + 1 WHERE id = $1"


@pytest.fixture
async def address(dsn: str) -> AsyncIterator[str]:
    """A database as a TaskFlow left it that did not know who has touched a task."""
    async with empty_database(dsn) as address:
        connection = await asyncpg.connect(address)
        await connection.execute(statements(None, "0030"))
        await connection.close()
        yield address


@pytest.fixture
async def server(address: str) -> AsyncIterator[Server]:
    """A connection to it, which waits for nobody's lock for long."""
    connection = await asyncpg.connect(address, server_settings={"lock_timeout": "2s"})
    yield connection
    await connection.close()


async def add_tasks(server: Server, *versions: int) -> list[UUID]:
    """The tasks of a series, made at version 1 and at these by now."""
    series, ids = uuid4(), [uuid4() for _ in versions]
    await server.execute(ADD_SERIES, series)
    for one, version in zip(ids, versions, strict=True):
        await server.execute(ADD_TASK, one, series, version)
        await server.execute(ADD_INSTANCE, one, series)
    return ids


async def test_tasks_are_read_and_written_while_it_is_found_out_who_has_touched_them(
    address: str, server: Server
) -> None:
    (task, *_) = await add_tasks(server, *[1] * 40)
    blocker = await asyncpg.connect(address)
    async with asyncio.TaskGroup() as group:
        async with blocker.transaction():
            await blocker.execute("LOCK TABLE recurring.instances")
            migrating = group.create_task(migrate(address))
            await until(lambda: is_waiting(server))
            await server.execute(VERSION, task)
            told = dict(await server.fetch(TOUCHED))
        assert told[task] is True
        assert await migrating is True
    await blocker.close()
    told = dict(await server.fetch(TOUCHED))
    assert [one for one, is_touched in told.items() if is_touched] == [task]


async def is_waiting(server: Server) -> bool:
    return bool(await server.fetchval(WAITING))


async def test_what_was_left_in_the_middle_of_it_is_gone_on_with(
    address: str, server: Server
) -> None:
    untouched, touched = await add_tasks(server, 1, 2)
    await server.execute("ALTER TABLE tasks.tasks ADD COLUMN is_touched boolean DEFAULT true")
    await migrate(address)
    assert await present_revision(address) == known_revisions()[-1]
    assert dict(await server.fetch(TOUCHED)) == {untouched: False, touched: True}


async def test_what_was_written_after_it_was_marked_is_touched(
    address: str, server: Server
) -> None:
    untouched, written = await add_tasks(server, 1, 1)
    whole = statements("0030", "0031")
    await server.execute(whole[: whole.rindex("BEGIN;")])
    await server.execute(VERSION, written)
    await migrate(address)
    assert dict(await server.fetch(TOUCHED)) == {untouched: False, written: True}
