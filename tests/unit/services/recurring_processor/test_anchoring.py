"""Where the rule of a series counts from, also when its owner goes elsewhere."""

from datetime import timedelta
from typing import Literal

import pytest
from msgspec.structs import replace
from tests.unit.services.recurring_processor.test_event_consumer import (
    PERSON,
    ROOT,
    START,
    World,
    a_task,
    run,
    settle,
)

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Change, Recurrence
from taskflow.services.recurring_processor import series
from taskflow.services.recurring_processor.anchoring import anchored
from taskflow.services.recurring_processor.model import Missed
from taskflow.services.recurring_processor.moments import moved_on_wall
from taskflow.services.recurring_processor.patterns import pattern
from taskflow.services.recurring_processor.pauses import resumed
from taskflow.services.recurring_processor.progress import (
    overdue,
    passed_over,
    planned_at,
)
from taskflow.tasks.recurrence import occurrences

Mode = Literal["schedule", "completion"]
EVERY_OTHER_DAY = Recurrence("FREQ=DAILY;INTERVAL=2", "schedule", None, 6)
WEDNESDAYS = Recurrence("FREQ=WEEKLY;BYDAY=WE", "schedule", None, 3)


def do_all(world: World, times: int = 9) -> None:
    """Do what is open, again and again."""
    settle(world)
    for _ in range(times):
        for task in world.open:
            world.act("complete", task)
        settle(world)


def begin_floating(world: World) -> None:
    """Have the first task float, from its beginning on."""
    world.news.clear()
    world.write("task.created", replace(world.tasks[ROOT], floating=True), PERSON)
    settle(world)


def carry(world: World, timezone: str) -> None:
    """Take the open tasks to another zone, as their owner's does."""
    world.owner_zone = timezone
    for task in world.open:
        assert task.due_date
        due = moved_on_wall(task.due_date, task.timezone, timezone)
        changes = {"timezone": (task.timezone, timezone), "due_date": (task.due_date, due)}
        after = replace(task, version=task.version + 1, timezone=timezone, due_date=due)
        world.write("task.updated", replace(after, planned_date=due), PERSON)
        told = {name: Change(*change) for name, change in changes.items()}
        world.news[-1] = replace(world.news[-1], changes=told)
    settle(world)


def test_a_floating_task_that_went_with_its_owner_still_makes_room() -> None:
    world = World(Recurrence("FREQ=DAILY"))
    begin_floating(world)
    world.act("complete", world.tasks[ROOT])
    settle(world)
    for zone in ("Asia/Tokyo", "America/New_York"):
        carry(world, zone)
    assert world.chain is not None
    assert (world.chain.series.timezone, world.chain.series.floating) == ("America/New_York", True)
    world.act("reopen", world.tasks[ROOT])
    settle(world)
    assert [one.id for one in world.open] == [ROOT]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_a_count_goes_on_for_floating_tasks_that_pile_up_wherever_they_go(zone: str) -> None:
    world = World(Recurrence("FREQ=DAILY", "schedule", None, 5, "skip", "pile_up"))
    begin_floating(world)
    for _ in range(2):
        assert world.chain is not None
        last = world.chain.last
        assert last is not None
        assert last.due_at is not None
        (occurrence,) = occurrences(world.chain.series.schedule, after=last.due_at)
        task = run(world.make(pattern(world.chain.series), occurrence))
        assert task is not None
        world.chain = series.made(world.chain, occurrence, task, Missed())
    settle(world)
    carry(world, zone)
    found = world.chain
    assert found is not None
    assert (found.series.timezone, found.series.used) == (zone, 0)
    left = occurrences(
        found.series.schedule, after=planned_at(found.series, found.open[-1]), limit=9
    )
    assert [one.date for one in left] == ["2026-03-05", "2026-03-06"]
    assert [one.is_untouched for one in found.open] == [False, True, True]


@pytest.mark.parametrize(
    ("exdates", "rdates", "used"),
    [((), (), 2), (("2026-03-03",), (), 2), ((), ("2026-03-03T12:00:00",), 2)],
)
def test_a_rule_that_moves_has_used_up_what_it_gave_and_not_what_was_added(
    exdates: tuple[str, ...], rdates: tuple[str, ...], used: int
) -> None:
    rule = Recurrence("FREQ=DAILY", "schedule", None, 5, exdates=exdates, rdates=rdates)
    world = World(rule)
    settle(world)
    assert world.chain is not None
    moved = a_task(rule, ROOT, START + timedelta(days=2, hours=1), "2026-03-04", world.now)
    after = anchored(world.chain, "2026-03-04T09:00:00Z", moved, restarts=False)
    assert after.series.used == used


@pytest.mark.parametrize("mode", ["schedule", "completion"])
def test_a_first_task_to_which_no_rule_comes_is_one_of_the_count(mode: Mode) -> None:
    world = World(Recurrence("FREQ=WEEKLY;BYDAY=WE", mode, None, 3))
    do_all(world)
    assert len(world.tasks) == 3


def test_a_first_task_that_piles_up_and_to_which_no_rule_comes_is_one_of_the_count() -> None:
    world = World(Recurrence("FREQ=WEEKLY;BYDAY=WE", "schedule", None, 3, policy="pile_up"))
    settle(world)
    assert world.chain is not None
    due = overdue(world.chain, START + timedelta(days=90))
    assert [one.date for one in due.occurrences] == ["2026-03-04", "2026-03-11"]


def test_a_task_that_a_count_begins_anew_from_is_one_of_it_also_where_no_rule_comes() -> None:
    world = World(Recurrence("FREQ=DAILY"))
    do_all(world, times=2)
    (task,) = world.open
    world.write("task.updated", replace(task, version=2, recurrence=WEDNESDAYS), PERSON)
    do_all(world)
    assert len(world.tasks) == 2 + 3


def test_a_count_that_is_given_to_a_whole_series_is_of_all_that_it_had() -> None:
    world = World(Recurrence("FREQ=DAILY"))
    do_all(world, times=2)
    assert world.chain is not None
    (task,) = world.open
    counted = replace(task, recurrence=Recurrence("FREQ=DAILY", "schedule", None, 5))
    after = anchored(world.chain, task.planned_date, counted, restarts=False)
    left = occurrences(after.series.schedule, after=START + timedelta(days=2), limit=9)
    assert len(left) == 2


def test_a_count_goes_on_where_another_plan_has_one_more_or_one_less_within_a_pause() -> None:
    world = World(Recurrence("FREQ=DAILY", "schedule", None, 6))
    settle(world)
    assert world.chain is not None
    (task,) = world.open
    paused = world.chain.with_series(paused_at=START + timedelta(hours=1))
    chain = resumed(paused, START + timedelta(days=4, hours=1))
    other = replace(task, recurrence=EVERY_OTHER_DAY, updated_at=START + timedelta(days=5))
    after = anchored(chain, task.planned_date, other, restarts=False)
    assert after.last is not None
    assert (after.last.excused, after.series.used) == (2, -2)
    (following,) = occurrences(after.series.schedule, after=START + timedelta(days=4))
    assert (following.date, passed_over(after, following).number) == ("2026-03-08", 0)


@pytest.mark.parametrize("restarts", [False, True])
def test_a_rule_that_takes_too_long_to_follow_keeps_no_task_from_a_move(*, restarts: bool) -> None:
    world = World(Recurrence("FREQ=HOURLY;INTERVAL=24;BYHOUR=9", "schedule", None, 3))
    settle(world)
    assert world.chain is not None
    chain = world.chain.with_series(start_at="2026-03-02T10:00:00Z")
    with pytest.raises(Invalid):
        occurrences(chain.series.schedule)
    moved = a_task(EVERY_OTHER_DAY, ROOT, START + timedelta(days=2), "2026-03-04", world.now)
    after = anchored(chain, "2026-03-02T09:00:00Z", moved, restarts=restarts)
    left = occurrences(after.series.schedule, after=START + timedelta(days=2), limit=9)
    assert len(left) == 5
