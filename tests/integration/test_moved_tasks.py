"""Which occurrence a task stands for that was moved, in PostgreSQL: none comes twice or is lost."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.series_world import KINDS, Begin, World, is_open


async def due_of(world: World) -> list[str]:
    """When the tasks are due, those taken back left out, in UTC."""
    await world.note_withdrawn()
    tasks: list[Any] = [one for one in await world.tasks() if one["id"] not in world.withdrawn]
    return sorted(f"{one['due_at']:%m-%dT%H}" for one in tasks)


async def test_a_day_comes_whose_key_a_task_has_that_was_moved_before_it(begin: Begin) -> None:
    world = await begin(KINDS["one open"])
    (first,) = await world.tasks()
    await world.act("complete", first["id"])
    await world.settle()
    # The task of the 3rd is the one of the evening of the 2nd by now.
    await world.wish("future", None, {"due_date": "2026-03-02T20:00:00Z"})
    await world.do_all(2)
    assert await due_of(world) == ["03-02T09", "03-02T20", "03-03T20", "03-04T20"]


async def test_what_was_postponed_and_done_does_not_come_again_in_another_zone(
    begin: Begin,
) -> None:
    world = await begin(KINDS["piled up"])
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


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "Pacific/Honolulu", "Pacific/Kiritimati"])
@pytest.mark.parametrize("by", ["move", "rule"])
async def test_what_was_moved_by_days_and_done_does_not_come_again_where_its_owner_goes(
    begin: Begin, zone: str, by: str
) -> None:
    world = await begin(KINDS["piled up"], floating=True)
    world.wall.at += timedelta(days=1, hours=2)
    await world.pass_by()
    await world.settle()
    first, second = [one["id"] for one in await world.tasks()]
    await world.wish("future", second, {"due_date": "2026-03-05T09:00:00Z"})
    await world.settle()
    await world.act("complete", second)
    await world.settle()
    await world.move_to(zone)
    await world.settle()
    if by == "move":
        due = datetime(2026, 3, 1, 9, tzinfo=ZoneInfo(zone)).isoformat()
        await world.wish("future", first, {"due_date": due})
    else:
        rule = {"rule": "FREQ=DAILY;INTERVAL=3", "policy": "pile_up"}
        await world.wish("future", first, {"recurrence": rule})
    await world.settle()
    world.wall.at += timedelta(days=6)
    await world.pass_by()
    await world.settle()
    await world.note_withdrawn()
    tasks = [one for one in await world.tasks() if one["id"] not in world.withdrawn]
    times = [one["due_at"].astimezone(ZoneInfo(zone)) for one in tasks if is_open(one)]
    days = {at.day for at in times}
    assert len(days) == len(times)
    assert days & {2, 3, 4, 5, 8} == ({2, 3, 4, 8} if by == "move" else {2, 8})
