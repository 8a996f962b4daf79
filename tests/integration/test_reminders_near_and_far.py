"""More reminders than a worker knows: those beyond its horizon fire at their time all the same."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from itertools import count
from uuid import UUID

import asyncpg
import pytest
from prometheus_client import CollectorRegistry, Histogram
from tests.planning import (
    Wall,
    follow,
    make_event,
    make_task,
    plan_reminders,
    reminder_events,
    statuses,
)

from taskflow.base.errors import Unavailable
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.events.payloads import Reminder
from taskflow.services.reminder.firing import Firing
from taskflow.services.reminder.horizon import Horizon
from taskflow.services.reminder.schedule_memory import MemorySchedule
from taskflow.services.reminder.scheduler import plans

PATIENCE_SECONDS = 30
SECOND = timedelta(seconds=1)
MOST = 8
NEVER_LOOKS = 3600.0
CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE application_name LIKE 'taskflow_reminders working %'
"""


@pytest.fixture
async def own(dsn: str) -> AsyncIterator[Database]:
    """The reminder service's connections, to a table without a reminder."""
    database = Database(dsn, "taskflow_reminders", Hints())
    await database.open()
    async with database.transaction() as transaction:
        await transaction.execute("DELETE FROM reminders.reminders")
    yield database
    await database.close()


class Worker:
    """A worker with a small horizon, which is asked nothing but its schedule."""

    def __init__(self, database: Database, wall: Wall) -> None:
        self.horizon = Horizon(MOST, timedelta(minutes=1))
        self.schedule = MemorySchedule.over(database, wall, look_seconds=0.01, horizon=self.horizon)
        lateness = Histogram("lateness", "Seconds.", registry=CollectorRegistry())
        self.firing = Firing(database, self.schedule, wall, lateness, look_seconds=NEVER_LOOKS)


async def run(database: Database, ids: list[UUID], *workers: Worker, steps: list[Wall]) -> None:
    """Let workers run while their clock goes on, until all of these have fired."""
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        loops = [group.create_task(one.firing.run()) for one in workers]
        for _ in count():
            for wall in steps:
                wall.at += SECOND
            if set((await statuses(database, ids)).values()) == {"sent"}:
                break
            await asyncio.sleep(0.01)
        for loop in loops:
            loop.cancel()


async def have_fired(database: Database, ids: list[UUID]) -> None:
    for _ in count():
        if not set((await statuses(database, ids)).values()) - {"sent"}:
            return
        await asyncio.sleep(0.01)


async def fired_once(database: Database, ids: list[UUID]) -> bool:
    fired = Counter(one.reminder.id for one in await reminder_events(database, ids) if one.reminder)
    return fired == dict.fromkeys(ids, 1)


async def test_more_than_the_horizon_holds_fires_each_once_and_never_early(own: Database) -> None:
    wall = Wall()
    times = [wall.at + after * 3 * SECOND for after in range(1, 61)] + [wall.at + SECOND] * 20
    ids = await plan_reminders(own, wall, times)
    worker = Worker(own, wall)
    await run(own, ids, worker, steps=[wall])
    assert await fired_once(own, ids)
    assert len(worker.horizon) <= MOST
    for event in await reminder_events(own, ids):
        assert event.reminder
        assert event.timestamp >= event.reminder.fire_at


async def test_many_at_one_instant_are_more_than_a_page_and_all_fire(own: Database) -> None:
    wall = Wall()
    ids = await plan_reminders(own, wall, [wall.at + SECOND] * (5 * MOST))
    await run(own, ids, Worker(own, wall), steps=[wall])
    assert await fired_once(own, ids)


async def test_what_is_planned_nearer_than_the_edge_fires_at_its_time(own: Database) -> None:
    wall = Wall()
    far = await plan_reminders(own, wall, [wall.at + after * SECOND for after in range(50, 70)])
    worker = Worker(own, wall)
    assert (await worker.schedule.claim(wall.at, 1)) is not None
    assert worker.horizon.edge < wall.at + 60 * SECOND
    near = make_task(Reminder(at=wall.at + 3 * SECOND))
    await follow(own, make_event(near, wall.at), worker.schedule)
    assert worker.schedule.next == wall.at + 3 * SECOND
    beyond = make_task(Reminder(at=wall.at + 65 * SECOND))
    await follow(own, make_event(beyond, wall.at), worker.schedule)
    ids = [*far, plans(near)[0].id, plans(beyond)[0].id]
    await run(own, ids, worker, steps=[wall])
    assert await fired_once(own, ids)


async def test_what_was_cancelled_inside_the_horizon_never_fires(own: Database) -> None:
    wall = Wall()
    task = make_task(Reminder(at=wall.at + 2 * SECOND))
    worker = Worker(own, wall)
    await follow(own, make_event(task, wall.at - SECOND), worker.schedule)
    ids = await plan_reminders(own, wall, [wall.at + 2 * SECOND] * 12)
    assert (await worker.schedule.claim(wall.at, 1)) is not None
    async with own.transaction() as transaction:
        await transaction.execute(
            "UPDATE reminders.reminders SET status = 'cancelled' WHERE id = $1", plans(task)[0].id
        )
    await run(own, ids, worker, steps=[wall])
    assert await statuses(own, [plans(task)[0].id]) == {plans(task)[0].id: "cancelled"}
    assert await fired_once(own, ids)


async def test_a_clock_that_jumps_far_ahead_and_back_loses_nothing(own: Database) -> None:
    wall = Wall()
    minute = timedelta(minutes=1)
    ids = await plan_reminders(own, wall, [wall.at + after * minute for after in range(1, 41)])
    worker = Worker(own, wall)
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        loop = group.create_task(worker.firing.run())
        for minutes in (30, -29, 5, -10, 45):
            wall.at += minutes * minute
            late = [one for n, one in enumerate(ids, 1) if wall.at >= Wall().at + n * minute]
            await have_fired(own, late)
        loop.cancel()
    assert await fired_once(own, ids)


async def test_two_workers_that_know_the_same_fire_each_once(own: Database) -> None:
    wall = Wall()
    times = [wall.at + after * SECOND for after in range(1, 21)] * 3
    ids = await plan_reminders(own, wall, times)
    await run(own, ids, Worker(own, wall), Worker(own, wall), steps=[wall])
    assert await fired_once(own, ids)


async def test_connections_that_are_cut_while_it_fires_lose_and_repeat_nothing(
    own: Database, dsn: str
) -> None:
    wall = Wall()
    ids = await plan_reminders(own, wall, [wall.at] * 1_200)
    worker = Worker(own, wall)
    operator = await asyncpg.connect(dsn)
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        loop = group.create_task(worker.firing.run())
        for _ in range(4):
            await asyncio.sleep(0.05)
            await operator.execute(CUT)
        for _ in count():
            if not set((await statuses_again(own, ids)).values()) - {"sent"}:
                break
            await asyncio.sleep(0.01)
        loop.cancel()
    await operator.close()
    assert await fired_once(own, ids)


async def statuses_again(database: Database, ids: list[UUID]) -> dict[UUID, str]:
    """Where they stand, asked again where the connection was cut."""
    for _ in count():
        with suppress(Unavailable):
            return await statuses(database, ids)
    raise AssertionError
