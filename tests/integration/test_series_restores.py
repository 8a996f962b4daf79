"""How often a series with a COUNT occurs when what was taken back comes out of the trash."""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.series_world import COUNT, KINDS, Begin, World, is_open, is_over, judge_count

from taskflow.tasks.errors import SeriesHasOpen


async def taken_back_after(world: World, task_id: UUID) -> Any:
    """The next task, which is in the trash since this one was done and opened again."""
    for verb in ("complete", "reopen"):
        await world.act(verb, task_id)
        await world.settle()
    (following,) = [one for one in await world.tasks() if one["is_deleted"]]
    return following


async def test_what_is_restored_after_the_end_of_a_rule_has_not_lapsed_with_the_rest(
    begin: Begin,
) -> None:
    world = await begin(KINDS["one open, counted"])
    (first,) = await world.tasks()
    second = await taken_back_after(world, first["id"])
    world.wall.at += timedelta(days=30)
    await world.act("complete", first["id"])
    await world.act("restore", second["id"])
    await world.settle()
    await judge_count(world)
    await world.do_all(1)
    await judge_count(world)
    assert await is_over(world)


async def test_what_was_missed_before_a_task_that_was_taken_back_is_counted_once(
    begin: Begin,
) -> None:
    world = await begin(KINDS["one open, counted"])
    (first,) = await world.tasks()
    world.wall.at += timedelta(hours=68)
    second = await taken_back_after(world, first["id"])
    await world.do_all(5)
    assert await is_over(world)
    await world.act("restore", second["id"])
    await world.settle()
    await judge_count(world)


@pytest.mark.parametrize("is_heard", [False, True])
@pytest.mark.parametrize("days", [1, 3])
async def test_a_pause_before_a_task_that_was_taken_back_and_restored_is_given_back_once(
    begin: Begin, days: int, *, is_heard: bool
) -> None:
    world = await begin(KINDS["one open, counted"])
    (first,) = await world.tasks()
    second = await taken_back_after(world, first["id"])
    await world.rest(days)
    await world.act("delete", first["id"])
    if is_heard:
        await world.settle()
    with suppress(SeriesHasOpen):
        await world.act("restore", second["id"])
    await world.do_all(3 * COUNT)
    await judge_count(world)
    assert await is_over(world)


async def test_what_was_missed_before_a_task_that_is_restored_in_place_of_another_is_counted(
    begin: Begin,
) -> None:
    world = await begin(KINDS["one open, counted"])
    (first,) = await world.tasks()
    world.wall.at += timedelta(hours=68)
    second = await taken_back_after(world, first["id"])
    world.wall.at += timedelta(days=2)
    await world.act("delete", first["id"])
    await world.act("restore", second["id"])
    await world.do_all(3 * COUNT)
    await judge_count(world)
    assert await is_over(world)


async def test_what_was_missed_before_the_last_of_all_is_counted_with_that_alone(
    begin: Begin,
) -> None:
    world = await begin(KINDS["one open, counted"])
    await world.do_all(1)
    world.wall.at += timedelta(hours=49)
    (second,) = [one for one in await world.tasks() if is_open(one)]
    third = await taken_back_after(world, second["id"])
    await world.do_all(2)
    assert await is_over(world)
    await world.act("restore", third["id"])
    await world.settle()
    await judge_count(world)


@pytest.mark.parametrize("scope", ["future", "all"])
@pytest.mark.parametrize("named", ["recurrence", "due_date", "timezone", "all_day"])
async def test_a_change_of_a_series_that_leaves_a_task_where_it_is_touches_it_not(
    begin: Begin, scope: str, named: str
) -> None:
    world = await begin(KINDS["one open"])
    (first,) = await world.tasks()
    await world.act("delete", first["id"])
    await world.settle()
    (second,) = [one for one in await world.tasks() if is_open(one)]
    same = {
        "recurrence": world.recurrence,
        "due_date": second["due_at"].isoformat(),
        "timezone": "UTC",
        "all_day": False,
    }
    await world.wish(scope, None, {"title": "Water the palms", named: same[named]})
    await world.act("restore", first["id"])
    await world.settle()
    assert [one["id"] for one in await world.tasks() if is_open(one)] == [first["id"]]
