"""What every schedule promises; each adapter runs the whole suite, over the real table."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial
from itertools import count
from uuid import UUID, uuid4

import pytest
from prometheus_client import CollectorRegistry, Histogram
from tests.planning import Wall, plan_reminders, reminder_events, statuses
from tests.redis_server import RedisServer
from tests.replicas import Replicas, until

from taskflow.base.clock import Clock
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.services.reminder.firing import Firing
from taskflow.services.reminder.ports import Schedule
from taskflow.services.reminder.schedule_memory import MemorySchedule

PATIENCE_SECONDS = 30
SECOND = timedelta(seconds=1)
Make = Callable[[Clock], Awaitable[Schedule]]


@pytest.fixture(params=["memory", "redis"])
async def make(request: pytest.FixtureRequest, own: Database) -> AsyncIterator[Make]:
    """Makes a worker's schedule."""
    if request.param == "memory":
        yield partial(_in_memory, own)
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    async with Replicas(server, own) as replicas:
        yield replicas.start


async def _in_memory(own: Database, clock: Clock) -> Schedule:
    return MemorySchedule.over(own, clock, look_seconds=0.01)


@pytest.fixture
async def own(dsn: str) -> AsyncIterator[Database]:
    """The reminder service's connections."""
    database = Database(dsn, "taskflow_reminders", Hints())
    await database.open()
    yield database
    await database.close()


def worker(
    database: Database, schedule: Schedule, clock: Clock, look_seconds: float = 3600.0
) -> Firing:
    lateness = Histogram("lateness", "Seconds.", registry=CollectorRegistry())
    return Firing(database, schedule, clock, lateness, look_seconds=look_seconds)


async def have_fired(database: Database, ids: list[UUID]) -> None:
    """Wait until all of these have fired."""
    for _ in count():
        if set((await statuses(database, ids)).values()) == {"sent"}:
            return
        await asyncio.sleep(0.01)


async def fire_all(database: Database, ids: list[UUID], *workers: Firing) -> None:
    """Let workers run until all of these have fired."""
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        loops = [group.create_task(one.run()) for one in workers]
        await have_fired(database, ids)
        for loop in loops:
            loop.cancel()


async def test_an_adapter_is_a_schedule(make: Make) -> None:
    assert isinstance(await make(Wall()), Schedule)


async def test_the_earliest_time_comes_first_whatever_order_they_are_named_in(make: Make) -> None:
    wall = Wall()
    schedule = await make(wall)
    assert schedule.next is None
    for seconds in (30, 10, 20):
        schedule.plan({uuid4(): wall.at + seconds * SECOND})
    assert schedule.next == wall.at + 10 * SECOND


async def test_an_earlier_time_wakes_who_waits_for_a_later_one(make: Make) -> None:
    wall = Wall()
    schedule = await make(wall)
    schedule.plan({uuid4(): wall.at + 3600 * SECOND})
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        waiting = group.create_task(schedule.wait(PATIENCE_SECONDS * 2))
        await asyncio.sleep(0)
        assert not waiting.done()
        schedule.plan({uuid4(): wall.at - SECOND})
    assert waiting.done()


async def test_a_clock_that_jumps_back_and_forth_is_noticed(make: Make) -> None:
    wall = Wall()
    schedule = await make(wall)
    schedule.plan({uuid4(): wall.at + 3600 * SECOND})
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        waiting = group.create_task(schedule.wait(PATIENCE_SECONDS * 2))
        for hours in (-3, 0, -1):
            wall.at += timedelta(hours=hours)
            await asyncio.sleep(0.03)
            assert not waiting.done()
        wall.at += timedelta(hours=6)
    assert waiting.done()


async def test_waiting_has_an_end_where_nothing_is_known(make: Make) -> None:
    schedule = await make(Wall())
    async with asyncio.timeout(PATIENCE_SECONDS):
        await schedule.wait(0.01)
    assert schedule.next is None


async def test_what_is_named_after_forgetting_is_kept_and_nothing_else(make: Make) -> None:
    wall = Wall()
    schedule = await make(wall)
    schedule.plan({uuid4(): wall.at})
    schedule.forget()
    assert schedule.next is None
    schedule.plan({uuid4(): wall.at + 5 * SECOND})
    assert schedule.next == wall.at + 5 * SECOND


async def test_a_fresh_schedule_is_filled_from_the_table(make: Make, own: Database) -> None:
    wall = Wall()
    ids = await plan_reminders(own, wall, [wall.at + 60 * SECOND, wall.at + 3600 * SECOND])
    schedule = await make(wall)
    wall.at += 60 * SECOND
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        loop = group.create_task(worker(own, schedule, wall).run())
        await have_fired(own, ids[:1])
        await until(lambda: schedule.next is not None)
        loop.cancel()
    assert await statuses(own, ids[1:]) == {ids[1]: "pending"}


async def test_the_earliest_fires_first(make: Make, own: Database) -> None:
    wall = Wall()
    times = [wall.at + seconds * SECOND for seconds in (30, 10, 20, 40)]
    ids = await plan_reminders(own, wall, times)
    wall.at += 60 * SECOND
    await fire_all(own, ids, worker(own, await make(wall), wall))
    events = await reminder_events(own, ids)
    assert [event.reminder.fire_at for event in events if event.reminder] == sorted(times)


async def test_two_workers_fire_each_reminder_exactly_once(make: Make, own: Database) -> None:
    wall = Wall()
    ids = await plan_reminders(own, wall, [wall.at + SECOND] * 1_200)
    wall.at += 5 * SECOND
    workers = [worker(own, await make(wall), wall) for _ in range(2)]
    await fire_all(own, ids, *workers)
    fired = Counter(one.reminder.id for one in await reminder_events(own, ids) if one.reminder)
    assert fired == dict.fromkeys(ids, 1)


async def test_a_worker_finds_what_another_planned_without_telling(
    make: Make, own: Database
) -> None:
    wall = Wall()
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        loop = group.create_task(worker(own, await make(wall), wall, look_seconds=0.05).run())
        ids = await plan_reminders(own, wall, [wall.at + SECOND])
        wall.at += 2 * SECOND
        await have_fired(own, ids)
        loop.cancel()
    assert await statuses(own, ids) == {ids[0]: "sent"}
