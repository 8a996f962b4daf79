"""A task is made urgent while its reminder is found to be due, in its owner's quiet hours."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from msgspec.structs import replace
from tests.carrying import add_person
from tests.held_up import EVENING, HOUR, MINUTE, QUIET, change, comes_at, fired_at
from tests.planning import Wall, follow, make_event, make_task

from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Reminder, TaskState
from taskflow.services.reminder import due
from taskflow.services.reminder.scheduler import plans
from taskflow.services.reminder.trigger import Terms, trigger

if TYPE_CHECKING:
    from asyncpg import Record


class Interrupted(Transaction):
    """A transaction whose statement that finds what is due is held up when it has begun.

    What it reads is as it was then; what it locks, it locks later.

    Args:
        connection: Its own.
        meanwhile: What happens in between.
    """

    def __init__(self, connection: Any, meanwhile: Callable[[], Awaitable[None]]) -> None:
        super().__init__(connection, Hints())
        self._meanwhile = meanwhile

    async def rows(self, statement: str, *parameters: object) -> "list[Record]":
        if statement != due.DUE:
            return await super().rows(statement, *parameters)
        cursor = await self._connection.cursor(statement, *parameters)
        await self._meanwhile()
        return list(await cursor.fetch(100))


@pytest.fixture
async def own(dsn: str) -> AsyncIterator[Database]:
    """The reminder service's connections."""
    database = Database(dsn, "taskflow_reminders", Hints())
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator[Any]:
    """A connection of the reminder service beside its pool."""
    connection = await asyncpg.connect(dsn, server_settings={"role": "taskflow_reminders"})
    yield connection
    await connection.close()


async def test_a_task_made_urgent_while_its_reminder_is_found_due_reminds_at_once(
    own: Database, database: Database, connection: Any
) -> None:
    wall = Wall(EVENING)
    task = await asked_for(own, database, wall)
    urgent = replace(task, version=2, priority="urgent")
    async with connection.transaction():
        meanwhile = Interrupted(connection, lambda: change(own, urgent, wall))
        await trigger(meanwhile, wall.at, 10, None, Terms())
    assert await fired_at(own, plans(task)[0].id) == [EVENING]


async def test_a_task_changed_otherwise_meanwhile_waits_for_the_end_of_quiet_hours(
    own: Database, database: Database, connection: Any
) -> None:
    wall = Wall(EVENING)
    task = await asked_for(own, database, wall)
    renamed = replace(task, version=2, title="Another")
    async with connection.transaction():
        meanwhile = Interrupted(connection, lambda: change(own, renamed, wall))
        await trigger(meanwhile, wall.at, 10, None, Terms())
    assert await fired_at(own, plans(task)[0].id) == []
    assert await comes_at(own, task) == EVENING + 8 * HOUR


async def asked_for(own: Database, database: Database, wall: Wall) -> TaskState:
    """A task whose reminder is due now, in quiet hours."""
    task = make_task(Reminder(at=wall.at))
    await add_person(database, task.user_id, **QUIET)
    await follow(own, make_event(task, wall.at - MINUTE))
    return task
