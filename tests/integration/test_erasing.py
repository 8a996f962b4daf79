"""Erasing an account while its tasks are being made: whichever comes first, no task is left."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID, uuid4

import msgspec
import pytest
from tests.waiting import waits_or_ends

from taskflow.base.errors import Unauthenticated
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.db.transaction import Transaction
from taskflow.events.envelope import decode
from taskflow.services.task_api.idempotency import Answer, forget, idempotent
from taskflow.tasks import commands, instance_commands
from taskflow.tasks.errors import OwnerErased
from taskflow.tasks.model import Actor, Task

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
WEEKLY = {
    "title": "Water",
    "due_date": "2026-03-09T09:00:00Z",
    "recurrence": {"rule": "FREQ=WEEKLY"},
}
LEFT = "SELECT count(*) FROM tasks.tasks WHERE user_id = $1"
TOLD = "SELECT envelope FROM delivery.outbox WHERE key = $1 ORDER BY id"


class Occurrence(NamedTuple):
    """The next one of a series."""

    date: str = "2026-03-16"
    at: object = datetime(2026, 3, 16, 9, tzinfo=UTC)
    wall: datetime | None = None


Make = Callable[[Transaction, Actor, Task], Awaitable[object]]


async def new_task(transaction: Transaction, actor: Actor, _first: Task) -> object:
    return await commands.create(transaction, actor, {"title": "Late"}, NOW)


async def next_instance(transaction: Transaction, actor: Actor, first: Task) -> object:
    state = first.state()
    return await instance_commands.create_instance(transaction, actor, state, Occurrence(), NOW)


@pytest.fixture
async def processor(dsn: str) -> AsyncIterator[Database]:
    """The recurring processor's connections, which may not read accounts."""
    database = Database(dsn, "taskflow_recurring", Hints(), max_connections=2)
    await database.open()
    yield database
    await database.close()


def somebody() -> Actor:
    user_id = uuid4()
    return Actor(user_id, "user", str(user_id), "Ann", "correlation")


async def first_task(database: Database, actor: Actor) -> Task:
    async with database.transaction() as transaction:
        return await commands.create(transaction, actor, WEEKLY, NOW)


async def erase(database: Database, actor: Actor) -> None:
    async with database.transaction() as transaction:
        await commands.erase_all(transaction, actor, NOW)


async def left_of(database: Database, user_id: UUID) -> int:
    async with database.transaction(read_only=True) as transaction:
        count: int = await transaction.value(LEFT, user_id)
    return count


@pytest.mark.parametrize("make", [new_task, next_instance])
async def test_an_erasure_waits_for_a_task_that_is_being_made_and_takes_it_along(
    database: Database, processor: Database, make: Make
) -> None:
    actor = somebody()
    first = await first_task(database, actor)
    async with asyncio.TaskGroup() as group, processor.transaction() as transaction:
        await make(transaction, actor, first)
        erasing = group.create_task(erase(database, actor))
        await waits_or_ends(database, erasing)
    assert await left_of(database, actor.user_id) == 0


@pytest.mark.parametrize("make", [new_task, next_instance])
async def test_a_task_that_is_made_during_an_erasure_waits_and_is_refused(
    database: Database, processor: Database, make: Make
) -> None:
    actor = somebody()
    first = await first_task(database, actor)

    async def make_late() -> None:
        with pytest.raises(OwnerErased):
            async with processor.transaction() as transaction:
                await make(transaction, actor, first)

    async with asyncio.TaskGroup() as group, database.transaction() as transaction:
        await commands.erase_all(transaction, actor, NOW)
        making = group.create_task(make_late())
        await waits_or_ends(database, making)
    assert await left_of(database, actor.user_id) == 0


@pytest.mark.parametrize("make", [new_task, next_instance])
async def test_nothing_is_made_for_an_account_that_was_erased_long_ago(
    database: Database, make: Make
) -> None:
    actor = somebody()
    first = await first_task(database, actor)
    await erase(database, actor)
    with pytest.raises(OwnerErased):
        async with database.transaction() as transaction:
            await make(transaction, actor, first)
    assert await left_of(database, actor.user_id) == 0


async def test_two_tasks_of_one_owner_are_made_without_waiting_for_each_other(
    database: Database,
) -> None:
    actor = somebody()
    async with database.transaction() as first, database.transaction() as second:
        async with asyncio.timeout(5):
            await commands.create(first, actor, {"title": "One"}, NOW)
            await commands.create(second, actor, {"title": "Two"}, NOW)
    assert await left_of(database, actor.user_id) == 2


async def test_an_instance_that_was_made_before_is_not_taken_for_an_erasure(
    database: Database,
) -> None:
    actor = somebody()
    first = await first_task(database, actor)
    async with database.transaction() as transaction:
        assert await next_instance(transaction, actor, first) is not None
        assert await next_instance(transaction, actor, first) is None


async def test_an_erasure_that_fails_leaves_the_account_its_tasks(database: Database) -> None:
    actor = somebody()
    await first_task(database, actor)

    async def fail() -> None:
        async with database.transaction() as transaction:
            await commands.erase_all(transaction, actor, NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await first_task(database, actor)
    assert await left_of(database, actor.user_id) == 2


async def test_a_task_in_the_trash_is_erased_without_being_told_of_again(
    database: Database,
) -> None:
    actor = somebody()
    task = await first_task(database, actor)
    async with database.transaction() as transaction:
        await commands.delete(transaction, actor, task.id, NOW)
    await erase(database, actor)
    async with database.transaction(read_only=True) as transaction:
        told = [decode(row["envelope"]).type for row in await transaction.rows(TOLD, str(task.id))]
    assert [name.rpartition(".")[2] for name in told] == ["created", "deleted"]
    assert await left_of(database, actor.user_id) == 0


async def test_answers_kept_for_an_erased_account_are_forgotten(database: Database) -> None:
    user_id = uuid4()

    async def work() -> Answer:
        return Answer(201, {}, msgspec.json.encode({"title": "Private"}))

    async with database.transaction() as transaction:
        await idempotent(transaction, user_id, "once", ("/tasks", b"body"), NOW, work)
        assert await forget(transaction, user_id) == 1


def test_an_erased_owner_is_nobody_we_know() -> None:
    assert issubclass(OwnerErased, Unauthenticated)
