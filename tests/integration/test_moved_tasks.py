"""Which occurrence a task stands for that was moved, in PostgreSQL: none comes twice or is lost."""

from datetime import timedelta
from typing import Any

from tests.fresh import fresh_database
from tests.series_world import KINDS, World


async def due_of(world: World) -> list[str]:
    """When the tasks are due, those taken back left out, in UTC."""
    await world.note_withdrawn()
    tasks: list[Any] = [one for one in await world.tasks() if one["id"] not in world.withdrawn]
    return sorted(f"{one['due_at']:%m-%dT%H}" for one in tasks)


async def test_a_day_comes_whose_key_a_task_has_that_was_moved_before_it(dsn: str) -> None:
    async with fresh_database(dsn, role=None) as database, database.transaction() as transaction:
        world = World(transaction, KINDS["one open"])
        await world.begin()
        await world.settle()
        (first,) = await world.tasks()
        await world.act("complete", first["id"])
        await world.settle()
        # The task of the 3rd is the one of the evening of the 2nd by now.
        await world.wish("future", None, {"due_date": "2026-03-02T20:00:00Z"})
        await world.do_all(2)
        assert await due_of(world) == ["03-02T09", "03-02T20", "03-03T20", "03-04T20"]


async def test_what_was_postponed_and_done_does_not_come_again_in_another_zone(dsn: str) -> None:
    async with fresh_database(dsn, role=None) as database, database.transaction() as transaction:
        world = World(transaction, KINDS["piled up"])
        await world.begin()
        await world.settle()
        world.wall.at += timedelta(days=1, hours=2)
        await world.pass_by()
        await world.settle()
        first, second = [one["id"] for one in await world.tasks()]
        await world.act("postpone", second)
        await world.act("complete", second)
        await world.settle()
        # There the same moments are on the evening of the day before.
        await world.wish("future", first, {"timezone": "Pacific/Honolulu"})
        await world.settle()
        await world.pass_by()
        await world.settle()
        assert await due_of(world) == ["03-02T09", "03-06T10"]
