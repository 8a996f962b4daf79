"""What is due in the same minute is made once, by however many replicas, in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry, Counter
from tests.fresh import connected, fresh_address
from tests.waiting import waits_or_ends

from taskflow.chassis.handlers import Delivery
from taskflow.db.engine import Database
from taskflow.events.envelope import decode
from taskflow.events.payloads import TaskEvent
from taskflow.services.recurring_processor import due_storage, history_storage, storage
from taskflow.services.recurring_processor.event_consumer import Continuation
from taskflow.services.recurring_processor.materialising import Materialiser
from taskflow.services.recurring_processor.progress import MOST_CAUGHT_UP
from taskflow.services.recurring_processor.together import AT_ONCE, Together
from taskflow.tasks import commands
from taskflow.tasks.model import Actor, Task

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
DUE = "2026-03-02T09:00:00Z"
SERIES = 500
PILING: dict[str, object] = {"rule": "FREQ=DAILY", "policy": "pile_up"}
TAKE = "DELETE FROM delivery.outbox RETURNING id, envelope"
TASKS = """
SELECT id, series_id, occurrence_date, status, deleted_at FROM tasks.tasks
 ORDER BY series_id, occurrence_date
"""

# What was made was taken back and is due again, with a tag that no task may have.
SPOIL = """
WITH spoilt AS (UPDATE recurring.instances SET is_withdrawn = true WHERE task_id = $2)
UPDATE recurring.series
   SET template = jsonb_set(template, '{tags}', to_jsonb(ARRAY[repeat('x', 1000)])), next_at = $3
 WHERE id = $1
"""

LOCK = "SELECT id FROM recurring.series WHERE id = $1 FOR UPDATE"
FORGET = "DELETE FROM recurring.instances WHERE series_id = $1"


class Wall:
    """A clock that stands where it is set."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


class Replica:
    """One process of the service, with connections of its own."""

    def __init__(self, database: Database, wall: Wall) -> None:
        self.database = database
        counter = Counter("made", "Made.", registry=CollectorRegistry())
        self.materialiser = Materialiser(database, wall, counter)
        self._together = Together(Continuation(wall, counter), wall, counter)

    async def make_all(self) -> None:
        while await self.materialiser.round():
            pass

    async def hear(self, events: list[TaskEvent]) -> None:
        for start in range(0, len(events), AT_ONCE):
            async with self.database.transaction() as transaction:
                news = [
                    Delivery(transaction, event, None) for event in events[start : start + AT_ONCE]
                ]
                await self._together.follow(transaction, news)


class World:
    """People with their tasks, and two replicas."""

    def __init__(self, api: Database, replicas: list[Replica], wall: Wall) -> None:
        self.api, self.replicas, self.wall = api, replicas, wall
        user = uuid4()
        self.person = Actor(user, "user", str(user), "Ann", "correlation")

    async def begin(
        self, recurrence: dict[str, object], count: int = 1, due: str = DUE
    ) -> list[Task]:
        given = {"title": "Water", "due_date": due, "recurrence": recurrence}
        async with self.api.transaction() as transaction:
            tasks = [
                await commands.create(transaction, self.person, given, self.wall.at)
                for _ in range(count)
            ]
        await self.replicas[0].hear(await self.news())
        return tasks

    async def news(self) -> list[TaskEvent]:
        async with self.api.transaction() as transaction:
            rows = await transaction.rows(TAKE)
        return [
            decode(row["envelope"]).data for row in sorted(rows, key=lambda row: int(row["id"]))
        ]

    async def tasks(self) -> list[Any]:
        async with self.api.transaction() as transaction:
            return await transaction.rows(TASKS)


@pytest.fixture
async def world(dsn: str) -> AsyncIterator[World]:
    wall = Wall()
    async with (
        fresh_address(dsn) as address,
        connected(address, "taskflow_task_api") as api,
        connected(address, "taskflow_recurring") as one,
        connected(address, "taskflow_recurring") as other,
    ):
        yield World(api, [Replica(one, wall), Replica(other, wall)], wall)


def keys(tasks: list[Any]) -> list[tuple[Any, str]]:
    return [(task["series_id"], task["occurrence_date"]) for task in tasks]


async def test_what_piles_up_in_one_minute_is_made_once_by_two_replicas(world: World) -> None:
    await world.begin(PILING, SERIES)
    world.wall.at = START + timedelta(days=2, hours=2)
    await asyncio.gather(*(one.make_all() for one in world.replicas for _ in range(3)))
    found = keys(await world.tasks())
    assert len(found) == len(set(found)) == 3 * SERIES
    assert {date for _, date in found} == {"2026-03-02", "2026-03-03", "2026-03-04"}


async def test_what_is_done_in_one_minute_is_followed_once_by_two_replicas(world: World) -> None:
    tasks = await world.begin({"rule": "FREQ=DAILY"}, SERIES)
    world.wall.at = START + timedelta(hours=2)
    async with world.api.transaction() as transaction:
        for task in tasks:
            await commands.complete(
                transaction, world.person, task.id, world.wall.at, world.wall.at
            )
    news = await world.news()
    await asyncio.gather(*(one.hear(news) for one in world.replicas for _ in range(2)))
    found = keys(await world.tasks())
    assert len(found) == len(set(found)) == 2 * SERIES
    for replica in world.replicas:
        await replica.hear(await world.news())
    assert len(await world.tasks()) == 2 * SERIES


async def test_after_an_outage_the_newest_are_made_and_the_rest_was_missed(world: World) -> None:
    (task,) = await world.begin(PILING)
    world.wall.at = START + timedelta(days=100, hours=2)
    await world.replicas[0].make_all()
    found = await world.tasks()
    assert len(found) == 1 + MOST_CAUGHT_UP
    assert found[-1]["occurrence_date"] == "2026-06-10"
    assert task.series_id
    async with world.api.transaction() as transaction:
        await transaction.execute("SET LOCAL ROLE taskflow_recurring")
        kept = await history_storage.newest(transaction, task.series_id)
    assert sum(one.missed for one in kept) == 100 - MOST_CAUGHT_UP


async def test_one_round_leaves_nothing_due_however_long_ago_it_was_due(world: World) -> None:
    rule = "FREQ=HOURLY;BYHOUR=9;BYMINUTE=0"
    await world.begin({**PILING, "rule": rule}, due="1960-01-01T09:00:00Z")
    assert await world.replicas[0].materialiser.round() == 1
    assert await world.replicas[0].materialiser.round() == 0
    async with world.replicas[0].database.transaction() as transaction:
        assert await due_storage.next_at(transaction) == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert (await world.tasks())[-1]["occurrence_date"] == "2026-03-01T09:00Z"


async def test_the_loop_knows_when_the_next_is_due(world: World) -> None:
    await world.begin(PILING)
    async with world.replicas[0].database.transaction() as transaction:
        assert await due_storage.next_at(transaction) == datetime(2026, 3, 3, 9, tzinfo=UTC)
    assert await world.replicas[0].materialiser.round() == 0


async def test_a_series_that_begins_wakes_the_loop(world: World) -> None:
    replica = world.replicas[0]
    world.wall.at = START + timedelta(days=1, hours=2)
    loop = asyncio.create_task(replica.materialiser.run())
    await world.begin(PILING)
    async with asyncio.timeout(15):
        while len(await world.tasks()) < 2:
            pass
    assert not loop.done()
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)


async def test_nothing_piles_up_for_an_erased_account(world: World) -> None:
    (task,) = await world.begin(PILING)
    async with world.api.transaction() as transaction:
        await commands.erase_all(transaction, world.person, world.wall.at)
    world.wall.at = START + timedelta(days=2)
    await world.replicas[0].make_all()
    assert await world.tasks() == []
    async with world.replicas[0].database.transaction() as transaction:
        assert task.series_id
        assert await storage.lock_known(transaction, task.series_id, None) is None


async def test_a_deleted_one_of_what_piles_up_never_comes_back(world: World) -> None:
    await world.begin(PILING)
    world.wall.at = START + timedelta(days=1, hours=2)
    await world.replicas[0].make_all()
    made = (await world.tasks())[-1]
    async with world.api.transaction() as transaction:
        (task_id,) = [
            row["id"]
            for row in await transaction.rows(
                "SELECT id FROM tasks.tasks WHERE occurrence_date = $1", made["occurrence_date"]
            )
        ]
        await commands.delete(transaction, world.person, task_id, world.wall.at)
    await world.replicas[1].hear(await world.news())
    world.wall.at = START + timedelta(days=2, hours=2)
    await world.replicas[1].make_all()
    found = [(one["occurrence_date"], one["deleted_at"] is None) for one in await world.tasks()]
    assert found == [("2026-03-02", True), ("2026-03-03", False), ("2026-03-04", True)]


async def test_a_series_that_fails_holds_up_no_other_and_is_met_again_in_an_hour(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (task,) = await world.begin(PILING)
    world.wall.at = START + timedelta(days=1, hours=2)
    await world.replicas[0].make_all()
    made_id = (await world.tasks())[-1]["id"]
    async with world.api.transaction() as transaction:
        await commands.delete(transaction, world.person, made_id, world.wall.at)
    await world.replicas[0].hear(await world.news())
    await world.begin(PILING, 3)
    async with world.replicas[0].database.transaction() as transaction:
        await transaction.execute(SPOIL, task.series_id, made_id, world.wall.at)
    assert await world.replicas[0].materialiser.round() == 4
    others = [one for one in await world.tasks() if one["series_id"] != task.series_id]
    assert [one["occurrence_date"] for one in others] == ["2026-03-02", "2026-03-03"] * 3
    assert str(task.series_id) in capsys.readouterr().out
    assert await world.replicas[0].materialiser.round() == 0
    async with world.replicas[0].database.transaction() as transaction:
        again_at = await due_storage.next_at(transaction)
    assert again_at == world.wall.at + timedelta(hours=1)


async def test_a_batch_locks_series_in_the_order_of_their_ids_whatever_it_knows_of_them(
    world: World,
) -> None:
    tasks = await world.begin({"rule": "FREQ=DAILY"}, 3)
    first, unknown, last = sorted(task.series_id for task in tasks if task.series_id)
    own = world.replicas[1].database
    async with world.api.transaction() as transaction:
        for task in tasks:
            await commands.update(transaction, world.person, task.id, {"title": "Dry"}, START)
    news = await world.news()

    async def hear() -> None:
        await world.replicas[0].hear(news)

    async with own.transaction() as transaction:
        await transaction.execute(FORGET, unknown)
    async with asyncio.TaskGroup() as group, own.transaction() as transaction:
        await transaction.rows(LOCK, unknown)
        hearing = group.create_task(hear())
        await waits_or_ends(world.api, hearing)
        await transaction.rows(f"{LOCK} NOWAIT", last)  # It is not taken before the second.
        async with own.transaction() as another:
            free = await another.rows(f"{LOCK} SKIP LOCKED", first)
    assert not free
