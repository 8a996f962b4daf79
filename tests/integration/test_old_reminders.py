"""Reminders of tasks that were closed long ago are forgotten, and nothing else is."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace
from tests.carrying import fire
from tests.fresh import fresh_database
from tests.planning import Wall, follow, make_event, make_task

from taskflow.chassis.housekeeping import sweep
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Reminder, TaskState
from taskflow.services.reminder.pruning import prune

HOUR = timedelta(hours=1)
YEAR = timedelta(days=365)
LEFT = """
SELECT (SELECT count(*) FROM reminders.tasks WHERE task_id = $1) AS tasks,
       (SELECT count(*) FROM reminders.reminders WHERE task_id = $1) AS reminders,
       (SELECT count(*) FROM reminders.timeline WHERE user_id = $2) AS timeline
"""


@pytest.fixture
async def own(dsn: str) -> AsyncIterator[Database]:
    """The reminder service's connections to a database that keeps nothing else."""
    async with fresh_database(dsn, "taskflow_reminders") as database:
        yield database


async def made(own: Database, wall: Wall, closed_by: str | None = None) -> TaskState:
    """A task with two reminders, one of which has fired, and a line of each event."""
    task = make_task(Reminder(at=wall.at), Reminder(at=wall.at + HOUR))
    await follow(own, make_event(task, wall.at - HOUR))
    await fire(own, wall)
    if closed_by == "completing":
        done = replace(task, status="completed", version=2)
        await follow(own, make_event(done, wall.at, "task.completed"))
    elif closed_by == "deleting":
        await follow(own, make_event(replace(task, version=2), wall.at, "task.deleted"))
    return task


async def left(own: Database, task: TaskState) -> tuple[int, ...]:
    async with own.transaction(read_only=True) as transaction:
        row = await transaction.row(LEFT, task.id, task.user_id)
    assert row
    return tuple(row)


async def forget(own: Database, wall: Wall, batch: int) -> int:
    """Sweep in steps of so many rows; returns how many steps it took."""
    steps = []

    async def chore(transaction: Transaction, now: datetime, limit: int) -> int:
        steps.append(await prune(transaction, now - YEAR, limit))
        return steps[-1]

    await sweep(own, wall, [chore], batch)
    return len(steps)


async def test_what_was_closed_long_ago_goes_in_small_steps_and_what_is_open_stays(
    own: Database,
) -> None:
    wall = Wall()
    closed = [await made(own, wall, how) for how in ("completing", "deleting") * 3]
    opened = await made(own, wall)
    wall.at += YEAR
    fresh = await made(own, wall, "completing")
    assert await forget(own, wall, 2) == 1
    assert 0 not in await left(own, closed[0])
    wall.at += HOUR
    before = [await left(own, one) for one in (opened, fresh)]
    assert await forget(own, wall, 2) > len(closed)
    assert {await left(own, one) for one in closed} == {(0, 0, 0)}
    assert [await left(own, one) for one in (opened, fresh)] == before
    assert before[0][:2] == (1, 2)


async def test_a_task_that_was_opened_again_is_not_old(own: Database) -> None:
    wall = Wall()
    task = await made(own, wall, "completing")
    await follow(own, make_event(replace(task, version=3), wall.at, "task.updated"))
    wall.at += YEAR + HOUR
    await forget(own, wall, 10)
    assert 0 not in await left(own, task)


async def test_what_was_never_reminded_of_is_forgotten_too(own: Database) -> None:
    wall = Wall()
    task = make_task()
    done = replace(task, status="completed")
    await follow(own, make_event(done, wall.at, "task.completed"))
    wall.at += YEAR + HOUR
    assert await left(own, task) == (1, 0, 0)
    await forget(own, wall, 10)
    assert await left(own, task) == (0, 0, 0)
