"""Edits of a series and moves of its owner lose no occurrence, and make none twice."""

from datetime import timedelta
from typing import Any, cast

import pytest
from tests.series_world import START, Begin, Within, World

from taskflow.base.errors import Invalid
from taskflow.db.engine import Database
from taskflow.services.recurring_processor import due_storage, history_storage
from taskflow.services.recurring_processor.homing import Homing
from taskflow.services.recurring_processor.progress import MOST_OPEN

PILING: dict[str, object] = {"rule": "FREQ=DAILY", "policy": "pile_up"}


async def open_tasks(world: World) -> list[tuple[str, str]]:
    """The key and the due instant of each open task, rising."""
    return sorted(
        (one["occurrence_date"], f"{one['due_at']:%m-%dT%H:%M}")
        for one in await world.tasks()
        if one["status"] == "pending" and not one["is_deleted"]
    )


async def one_that_is_open(world: World, key: str) -> Any:
    return next(
        one["id"]
        for one in await world.tasks()
        if one["occurrence_date"] == key and not one["is_deleted"]
    )


@pytest.mark.parametrize(
    ("recurrence", "due_date"),
    [
        ({"rule": "FREQ=DAILY", "until": "2026-03-10"}, "2026-03-12T09:00:00Z"),
        ({"rule": "FREQ=DAILY;BYMONTH=3", "until": "2026-05-31"}, "2026-04-02T09:00:00Z"),
    ],
)
@pytest.mark.parametrize("scope", ["future", "all"])
async def test_a_date_from_which_a_series_never_occurs_is_refused_and_named(
    begin: Begin, recurrence: dict[str, object], due_date: str, scope: str
) -> None:
    world = await begin(recurrence)
    with pytest.raises(Invalid) as refused:
        await world.wish(scope, None, {"due_date": due_date})
    assert [one.field for one in refused.value.errors] == ["changes.due_date"]
    assert await open_tasks(world) == [("2026-03-02", "03-02T09:00")]


async def test_what_is_moved_under_a_task_that_was_touched_loses_no_occurrence(
    begin: Begin,
) -> None:
    world = await begin(PILING)
    world.wall.at = START + timedelta(days=2, hours=6)
    await world.pass_by()
    await world.settle()
    await world.act("edit", await one_that_is_open(world, "2026-03-04"))
    first = await one_that_is_open(world, "2026-03-02")
    await world.wish("future", first, {"due_date": "2026-03-02T12:00:00Z"})
    for _ in range(2):
        await world.pass_by()
        await world.settle()
        assert await open_tasks(world) == [
            ("2026-03-02", "03-02T12:00"),
            ("2026-03-03", "03-03T12:00"),
            ("2026-03-04", "03-04T09:00"),
        ]
    world.wall.at += timedelta(days=1)
    await world.wish("pause", None, {})
    assert [key for key, _ in await open_tasks(world)][3:] == ["2026-03-05"]


@pytest.mark.parametrize("news", ["late", "skipped", "unheard"])
async def test_a_task_that_went_along_with_its_owner_makes_room_as_if_nobody_had_touched_it(
    begin: Begin, news: str
) -> None:
    world = await begin({"rule": "FREQ=DAILY"}, floating=True)
    first = await one_that_is_open(world, "2026-03-02")
    await world.act("complete", first)
    await world.settle()
    await world.move_to("Europe/Berlin")
    await world.move_to("Asia/Tokyo")
    if news == "skipped":
        await world.hear(world.news.pop())
    elif news == "unheard":
        await world.wish("resume", None, {})
    await world.settle()
    await world.act("reopen", first)
    await world.settle()
    assert [key for key, _ in await open_tasks(world)] == ["2026-03-02"]


async def test_a_task_that_goes_along_before_it_is_to_make_room_makes_room_all_the_same(
    begin: Begin,
) -> None:
    world = await begin({"rule": "FREQ=DAILY"}, floating=True)
    first = await one_that_is_open(world, "2026-03-02")
    await world.act("delete", first)
    await world.settle()
    await world.act("restore", first)
    await world.move_to("Asia/Tokyo")
    await world.settle()
    assert [key for key, _ in await open_tasks(world)] == ["2026-03-02"]


@pytest.mark.parametrize("scope", ["future", "all"])
async def test_a_task_that_was_changed_with_its_series_makes_room_as_if_nobody_had_touched_it(
    begin: Begin, scope: str
) -> None:
    world = await begin({"rule": "FREQ=DAILY"})
    first = await one_that_is_open(world, "2026-03-02")
    await world.act("complete", first)
    await world.settle()
    await world.wish(scope, None, {"title": "Water all"})
    await world.settle()
    await world.act("reopen", first)
    await world.settle()
    assert [key for key, _ in await open_tasks(world)] == ["2026-03-02"]
    await world.act("complete", first)
    await world.settle()
    assert [key for key, _ in await open_tasks(world)] == ["2026-03-03"]


async def test_a_series_of_which_no_task_is_open_goes_along_with_its_owner(
    begin: Begin,
) -> None:
    world = await begin(PILING, floating=True)
    await world.act("complete", await one_that_is_open(world, "2026-03-02"))
    await world.settle()
    await world.move_to("America/New_York")
    world.wall.at = START + timedelta(days=1, hours=2)  # Nine in UTC is past, not in New York.
    await world.pass_by()
    assert await open_tasks(world) == []
    assert f"{await due_storage.next_at(world.transaction):%d %H:%M}" == "03 14:00"
    world.wall.at += timedelta(hours=5)
    await world.pass_by()
    assert await open_tasks(world) == [("2026-03-03", "03-03T14:00")]


async def test_a_series_that_is_resumed_goes_on_on_its_owners_wall(
    begin: Begin,
) -> None:
    world = await begin({"rule": "FREQ=DAILY"}, floating=True)
    await world.wish("pause", None, {})
    await world.act("complete", await one_that_is_open(world, "2026-03-02"))
    await world.settle()
    await world.move_to("America/New_York")
    world.wall.at = START + timedelta(days=1, hours=2)
    await world.wish("resume", None, {})
    assert await open_tasks(world) == [("2026-03-03", "03-03T14:00")]


async def test_a_series_is_due_earlier_where_its_owner_has_moved_east(
    begin: Begin,
) -> None:
    world = await begin(PILING, floating=True)
    await world.act("complete", await one_that_is_open(world, "2026-03-02"))
    await world.settle()
    homing = Homing(cast("Database", Within(world.transaction)), world.wall)
    for zone, due in [("UTC", "03 09:00"), ("Asia/Tokyo", "03 00:00"), ("UTC", "03 09:00")]:
        await world.move_to(zone)
        await homing.look()
        await world.pass_by()
        assert f"{await due_storage.next_at(world.transaction):%d %H:%M}" == due


async def test_what_was_to_come_when_a_series_was_resumed_comes_wherever_its_owner_goes(
    begin: Begin,
) -> None:
    world = await begin(PILING, floating=True)
    world.wall.at = START + timedelta(days=1)  # An hour before the next.
    await world.wish("pause", None, {})
    await world.wish("resume", None, {})
    await world.move_to("Pacific/Kiritimati")
    await world.settle()
    await world.pass_by()
    assert [key for key, _ in await open_tasks(world)] == ["2026-03-02", "2026-03-03"]


async def test_no_more_tasks_pile_up_than_anybody_can_do_and_the_rest_was_missed(
    begin: Begin,
) -> None:
    world = await begin({"rule": "FREQ=HOURLY", "policy": "pile_up"})
    for _ in range(8):
        world.wall.at += timedelta(hours=31)
        await world.pass_by()
        await world.settle()
    found = await open_tasks(world)
    assert len(found) == MOST_OPEN
    following = await due_storage.next_at(world.transaction)
    assert following == world.wall.at.replace(minute=0) + timedelta(hours=1)
    await world.act("complete", await one_that_is_open(world, found[0][0]))
    await world.settle()
    await world.pass_by()
    after = await open_tasks(world)
    assert after[:-1] == found[1:]
    assert after[-1] == (f"{world.wall.at:%Y-%m-%dT%H:00Z}", f"{world.wall.at:%m-%dT%H:00}")
    kept = await history_storage.newest(world.transaction, world.series_id)
    assert sum(one.missed for one in kept) == 8 * 31 - MOST_OPEN - 1


async def test_a_series_that_was_where_its_time_is_left_out_has_it_back(begin: Begin) -> None:
    world = await begin({"rule": "FREQ=DAILY"}, floating=True)
    first = await one_that_is_open(world, "2026-03-02")
    changes: dict[str, object] = {"due_date": "2026-03-29T02:30:00Z"}
    await world.wish("future", first, changes)
    await world.settle()
    for zone, due in (("Europe/Berlin", "03-29T01:30"), ("UTC", "03-29T02:30")):
        await world.move_to(zone)
        await world.settle()
        assert [at for _, at in await open_tasks(world)] == [due]
    await world.act("complete", first)
    await world.settle()
    assert [at for _, at in await open_tasks(world)] == ["03-30T02:30"]
    await world.act("reopen", first)
    await world.settle()
    assert [at for _, at in await open_tasks(world)] == ["03-29T02:30"]


@pytest.mark.parametrize(
    ("scope", "count", "is_resumed", "changes"),
    [
        ("all", None, True, {"recurrence": PILING | {"until": "2027-12-31"}}),
        ("future", None, False, {"recurrence": PILING | {"until": "2027-12-31"}}),
        ("all", 9, False, {"due_date": "2026-03-02T10:00:00Z"}),
        ("future", 9, True, {"due_date": "2026-03-02T10:00:00Z"}),
        ("all", 9, True, {"timezone": "Europe/Berlin"}),
    ],
)
async def test_what_is_open_since_before_a_pause_stays_open_when_its_series_is_edited(
    begin: Begin, *, scope: str, count: int | None, is_resumed: bool, changes: dict[str, object]
) -> None:
    world = await begin(PILING | ({"count": count} if count else {}))
    world.wall.at = START + timedelta(days=3, hours=4)
    await world.pass_by()
    await world.wish("pause", None, {})
    if is_resumed:
        await world.wish("resume", None, {})
    await world.wish(scope, await one_that_is_open(world, "2026-03-02"), changes)
    await world.wish("resume", None, {})
    await world.pass_by()
    await world.settle()
    days = [f"2026-03-0{day}" for day in (2, 3, 4, 5)]
    assert [key for key, _ in await open_tasks(world)] == days
    if count:
        world.wall.at += timedelta(days=30)
        await world.pass_by()
        assert len(await open_tasks(world)) == count


@pytest.mark.parametrize("count", [None, 5])
async def test_a_series_that_is_moved_back_by_a_day_has_the_day_that_it_came_from(
    begin: Begin, count: int | None
) -> None:
    world = await begin(PILING | ({"count": count} if count else {}))
    world.wall.at = START + timedelta(hours=2)
    await world.wish("all", None, {"due_date": "2026-03-01T09:00:00Z"})
    for _ in range(2):
        await world.pass_by()
        await world.settle()
        due = [("2026-03-02", "03-01T09:00"), ("2026-03-02/2", "03-02T09:00")]
        assert await open_tasks(world) == due
    world.wall.at += timedelta(days=30)
    await world.pass_by()
    at = [one for _, one in await open_tasks(world)]
    assert at[:5] == [f"03-0{day}T09:00" for day in (1, 2, 3, 4, 5)]
    assert not count or len(at) == count
