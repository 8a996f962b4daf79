"""The open task of a series goes where a new rule has it, in PostgreSQL."""

from datetime import timedelta

import pytest
from tests.series_world import COUNT, KINDS, START, Begin, World, is_open, judge_count

FRIDAYS = {"text": "every friday at 5pm"}
BY_RULE = {"rule": "FREQ=WEEKLY;BYDAY=FR;BYHOUR=17;BYMINUTE=0"}


async def due(world: World) -> list[str]:
    return [f"{one['due_at']:%a %d %H:%M}" for one in await world.tasks() if is_open(one)]


@pytest.mark.parametrize("scope", ["future", "all"])
@pytest.mark.parametrize("recurrence", [FRIDAYS, BY_RULE])
async def test_the_open_task_is_due_when_a_new_rule_has_its_first_and_counts_as_that(
    begin: Begin, scope: str, recurrence: dict[str, object]
) -> None:
    world = await begin(KINDS["one open, counted"])
    assert await due(world) == ["Mon 02 09:00"]
    await world.wish(scope, None, {"recurrence": recurrence | {"count": COUNT}})
    assert await due(world) == ["Fri 06 17:00"]
    await world.settle()
    world.wall.at = START + timedelta(days=5)
    await world.do_all(1)
    assert await due(world) == ["Fri 13 17:00"]
    await world.do_all(7 * COUNT)
    await judge_count(world)
    assert len(await world.tasks()) == COUNT


async def test_what_piles_up_lands_and_is_made_anew_behind_it(begin: Begin) -> None:
    world = await begin(KINDS["piled up, counted"])
    world.wall.at += timedelta(days=2)
    await world.pass_by()
    recurrence = BY_RULE | {"count": COUNT, "policy": "pile_up"}
    await world.wish("all", None, {"recurrence": recurrence})
    await world.settle()
    assert await due(world) == ["Fri 06 17:00"]
    world.wall.at += timedelta(days=7 * COUNT)
    await world.pass_by()
    assert len(await due(world)) == COUNT


@pytest.mark.parametrize(
    "change",
    [
        {"recurrence": {"rule": "FREQ=DAILY;INTERVAL=2"}},
        {"recurrence": FRIDAYS, "due_date": "2026-03-02T09:00:00Z"},
        {"recurrence": {"rule": "FREQ=DAILY", "exdates": ["2026-03-02"]}},
    ],
)
async def test_a_rule_without_days_of_its_own_a_given_date_and_an_exception_move_nothing(
    begin: Begin, change: dict[str, object]
) -> None:
    world = await begin(KINDS["one open"], is_heard=False)
    await world.wish("all", None, change)
    assert await due(world) == ["Mon 02 09:00"]


async def test_a_task_that_was_moved_by_hand_stays_there(begin: Begin) -> None:
    world = await begin(KINDS["one open"], is_heard=False)
    (task,) = await world.tasks()
    await world.wish("this", task["id"], {"due_date": "2026-03-03T12:00:00Z"})
    await world.wish("all", None, {"recurrence": FRIDAYS})
    assert await due(world) == ["Tue 03 12:00"]


@pytest.mark.parametrize("scope", ["future", "all"])
@pytest.mark.parametrize(
    ("rule", "moved", "following"),
    [
        ("FREQ=DAILY;BYHOUR=9;BYMINUTE=0", "2026-03-02T16:30:00Z", "Tue 03 16:30"),
        ("FREQ=DAILY;BYHOUR=9", "2026-03-02T16:30:00Z", "Tue 03 16:30"),
        ("FREQ=WEEKLY;BYDAY=MO", "2026-03-03T09:00:00Z", "Tue 10 09:00"),
        ("FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0", "2026-03-05T08:00:00Z", "Thu 12 08:00"),
        ("FREQ=WEEKLY;BYDAY=MO,TH", "2026-03-03T09:00:00Z", "Thu 05 09:00"),
        ("FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0", "2026-03-02T10:00:00Z", "Mon 02 17:00"),
    ],
)
async def test_a_rule_of_one_day_or_time_goes_along_with_a_date_that_is_given_for_all(
    begin: Begin, scope: str, rule: str, moved: str, following: str
) -> None:
    world = await begin({"rule": rule, "count": COUNT})
    await world.wish(scope, None, {"due_date": moved})
    (task,) = await world.tasks()
    await world.act("complete", task["id"])
    await world.settle()
    assert await due(world) == [following]
    world.wall.at = START + timedelta(hours=1)
    await world.do_all(7 * COUNT)
    await judge_count(world)


async def test_a_rule_of_one_day_of_the_month_goes_along_with_a_date_that_is_given_for_all(
    begin: Begin,
) -> None:
    world = await begin({"rule": "FREQ=MONTHLY;BYMONTHDAY=2"})
    await world.wish("all", None, {"due_date": "2026-03-05T16:00:00Z"})
    (task,) = await world.tasks()
    await world.act("complete", task["id"])
    await world.settle()
    assert await due(world) == ["Sun 05 16:00"]


async def test_a_date_that_is_given_for_one_task_leaves_the_rule_alone(begin: Begin) -> None:
    world = await begin({"rule": "FREQ=DAILY;BYHOUR=9;BYMINUTE=0"})
    (task,) = await world.tasks()
    await world.wish("this", task["id"], {"due_date": "2026-03-02T16:00:00Z"})
    await world.act("complete", task["id"])
    await world.settle()
    assert await due(world) == ["Tue 03 09:00"]
