"""Of a series that shows one task at a time none is opened again beside another, in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from tests.followed import DAILY_WHEN_DONE, WEEKLY, World, followed

from taskflow.tasks import commands, tables
from taskflow.tasks.errors import SeriesHasOpen
from taskflow.tasks.model import Task


@pytest.fixture
async def world(dsn: str) -> AsyncIterator[World]:
    async with followed(dsn) as world:
        yield world


async def two_open(world: World) -> tuple[UUID, UUID]:
    """A task that was reopened, and the next one, which was edited meanwhile and stays."""
    task = await world.begin(WEEKLY)
    await world.complete(task.id)
    await world.settle()
    second = (await world.open())[0]["id"]
    await world.do(commands.update, second, {"title": "Water the palms"}, world.wall.on())
    await world.do(commands.reopen, task.id, world.wall.on())
    return task.id, second


@pytest.mark.parametrize("recurrence", [WEEKLY, DAILY_WHEN_DONE])
async def test_a_next_one_that_was_taken_back_is_not_restored_beside_the_one_before(
    world: World, recurrence: dict[str, object]
) -> None:
    task, withdrawn = await world.reopened(recurrence)
    with pytest.raises(SeriesHasOpen, match="is open"):
        await world.do(commands.restore, withdrawn, world.wall.on())
    await world.settle()
    assert [row["id"] for row in await world.open()] == [task.id]


async def test_a_task_whose_next_one_was_done_and_undone_by_us_alone_comes_out_of_the_trash(
    world: World,
) -> None:
    task, _ = await world.reopened(WEEKLY)
    await world.do(commands.delete, task.id, world.wall.on())
    await world.settle()  # The next one is brought back, and still nobody's.
    await world.do(commands.restore, task.id, world.wall.on())
    await world.settle()
    assert [row["id"] for row in await world.open()] == [task.id]


async def test_two_that_are_restored_at_once_leave_one_open(world: World) -> None:
    task, withdrawn = await world.reopened(WEEKLY)
    await world.do(commands.delete, task.id, world.wall.on())
    await world.settle()
    await world.do(commands.delete, withdrawn, world.wall.on())
    await world.settle()
    found = await asyncio.gather(
        *(world.do(commands.restore, one, world.wall.on()) for one in (task.id, withdrawn)),
        return_exceptions=True,
    )
    await world.settle()
    assert {type(one) for one in found} == {Task, SeriesHasOpen}
    assert len(await world.open()) == 1


async def test_an_earlier_one_is_open_and_a_later_one_is_not_reopened_beside_it(
    world: World,
) -> None:
    task = await world.begin(WEEKLY)
    await world.complete(task.id)
    await world.settle()
    second = (await world.open())[0]["id"]
    await world.complete(second)
    await world.settle()
    await world.do(commands.reopen, task.id, world.wall.on())
    for _ in range(2):
        with pytest.raises(SeriesHasOpen):
            await world.do(commands.reopen, second, world.wall.on())
        await world.do(commands.update, second, {"title": "Watered"}, world.wall.on())


async def test_an_edited_next_one_stays_beside_one_that_is_reopened(world: World) -> None:
    first, second = await two_open(world)
    await world.settle()
    assert [row["id"] for row in await world.open()] == [first, second]


@pytest.mark.parametrize("how", ["complete", "delete"])
async def test_what_was_open_beside_another_one_is_brought_back_beside_it(
    world: World, how: str
) -> None:
    first, second = await two_open(world)
    await world.settle()
    if how == "complete":
        await world.complete(second)
        await world.do(commands.reopen, second, world.wall.on())
    else:
        await world.do(commands.delete, second, world.wall.on())
        await world.do(commands.restore, second, world.wall.on())
    await world.settle()
    assert [row["id"] for row in await world.open()] == [first, second]


async def test_a_task_that_piles_up_is_restored_beside_others(world: World) -> None:
    task = await world.begin(WEEKLY)
    await world.do(commands.delete, task.id, world.wall.on())
    await world.settle()
    second = (await world.open())[0]["id"]
    given = {"recurrence": {**WEEKLY, "policy": "pile_up"}}
    await world.do(commands.update, second, given, world.wall.on())
    with pytest.raises(SeriesHasOpen):  # Its own recurrence shows one at a time.
        await world.do(commands.restore, task.id, world.wall.on())
    await world.do(commands.delete, second, world.wall.on())
    await world.do(commands.restore, task.id, world.wall.on())
    await world.do(commands.restore, second, world.wall.on())


async def test_what_stands_beside_a_task_is_found_by_an_index(world: World) -> None:
    async with world.api.transaction() as transaction:
        await transaction.execute("SET LOCAL enable_seqscan = off")
        found = [uuid4() for _ in range(2)]
        times = [world.wall.at for _ in range(2)]
        plan = await transaction.rows(f"EXPLAIN {tables.STANDS_BESIDE}", *found, *times)
    assert "tasks_by_series" in "\n".join(row[0] for row in plan)
