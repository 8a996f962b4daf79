"""Where the rule of a series counts from, also when its owner goes elsewhere."""

from datetime import timedelta

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

from taskflow.events.payloads import Change, Recurrence
from taskflow.services.recurring_processor import series
from taskflow.services.recurring_processor.anchoring import anchored
from taskflow.services.recurring_processor.moments import moved_on_wall
from taskflow.services.recurring_processor.patterns import pattern
from taskflow.services.recurring_processor.progress import planned_at
from taskflow.tasks.recurrence import occurrences


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
        world.chain = series.made(world.chain, occurrence, task)
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
    assert after.used == used
