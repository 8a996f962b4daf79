"""The recurring processor against PostgreSQL: real commands, real events, in every order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from prometheus_client import CollectorRegistry, Counter
from tests.waiting import waits_or_ends

from taskflow.chassis.handlers import Delivery
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.events.envelope import Envelope, decode
from taskflow.services.recurring_processor import storage
from taskflow.services.recurring_processor.event_consumer import Continuation
from taskflow.tasks import commands
from taskflow.tasks.model import Actor, Task

T = TypeVar("T")
TAKE = "DELETE FROM delivery.outbox WHERE key = ANY($1::text[]) RETURNING id, envelope"
OURS = "SELECT id::text FROM tasks.tasks WHERE user_id = $1"
OPEN = """
SELECT id, occurrence_date, due_at FROM tasks.tasks
 WHERE user_id = $1 AND status = 'pending' AND deleted_at IS NULL ORDER BY due_at
"""
WEEKLY: dict[str, object] = {"rule": "FREQ=WEEKLY"}
DAILY_WHEN_DONE: dict[str, object] = {"rule": "FREQ=DAILY", "mode": "completion"}


class Wall:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 8, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def on(self) -> datetime:
        self.at += timedelta(minutes=1)
        return self.at


class World:
    """A person, their tasks, and the service that follows them."""

    def __init__(self, api: Database, own: Database) -> None:
        self.api, self.own, self.wall, self.user = api, own, Wall(), uuid4()
        self.person = Actor(self.user, "user", str(self.user), "Ann", "correlation")
        counter = Counter("made", "Made.", registry=CollectorRegistry())
        self._continuation = Continuation(self.wall, counter)
        self._keys: set[str] = set()

    async def do(self, command: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        async with self.api.transaction() as transaction:
            result = await command(transaction, self.person, *arguments)
            self._keys |= {row["id"] for row in await transaction.rows(OURS, self.user)}
            return result

    async def begin(self, recurrence: dict[str, object], due: str = "2026-03-09T09:00:00Z") -> Task:
        given = {"title": "Water", "due_date": due, "recurrence": recurrence}
        return await self.do(commands.create, given, self.wall.on())

    async def complete(self, task_id: UUID) -> None:
        now = self.wall.on()
        await self.do(commands.complete, task_id, now, now)

    async def news(self) -> list[Envelope]:
        async with self.api.transaction() as transaction:
            keys = self._keys | {row["id"] for row in await transaction.rows(OURS, self.user)}
            rows = await transaction.rows(TAKE, list(keys))
        return [decode(row["envelope"]) for row in sorted(rows, key=lambda row: int(row["id"]))]

    async def hear(self, envelopes: Iterable[Envelope]) -> None:
        for envelope in envelopes:
            async with self.own.transaction() as transaction:
                await self._continuation.follow(Delivery(transaction, envelope.data, None))

    async def settle(self) -> None:
        while envelopes := await self.news():
            await self.hear(envelopes)

    async def open(self) -> list[Any]:
        async with self.api.transaction() as transaction:
            return await transaction.rows(OPEN, self.user)

    async def open_dates(self) -> list[str]:
        return [row["occurrence_date"] for row in await self.open()]


@pytest.fixture
async def world(dsn: str) -> AsyncIterator[World]:
    api = Database(dsn, "taskflow_task_api", Hints())
    own = Database(dsn, "taskflow_recurring", Hints(), max_connections=12)
    await api.open()
    await own.open()
    yield World(api, own)
    await own.close()
    await api.close()


@pytest.mark.parametrize("recurrence", [WEEKLY, DAILY_WHEN_DONE])
async def test_a_task_that_is_done_again_is_followed_by_the_same_next_one(
    world: World, recurrence: dict[str, object]
) -> None:
    task = await world.begin(recurrence)
    following = []
    for _ in range(3):
        await world.complete(task.id)
        await world.settle()
        following.append((await world.open())[0]["id"])
        await world.do(commands.reopen, task.id, world.wall.on())
        await world.settle()
        assert [row["id"] for row in await world.open()] == [task.id]
    assert len(set(following)) == 1


async def test_a_next_one_that_comes_back_has_what_was_written_meanwhile(world: World) -> None:
    task = await world.begin(WEEKLY)
    await world.complete(task.id)
    await world.settle()
    await world.do(commands.reopen, task.id, world.wall.on())
    await world.do(commands.update, task.id, {"title": "Water twice"}, world.wall.on())
    await world.complete(task.id)
    await world.settle()
    async with world.own.transaction() as transaction:
        assert task.series_id
        newest = (await storage.instances(transaction, task.series_id))[0]
    assert (newest.title, newest.is_open, newest.is_untouched) == ("Water twice", True, True)


async def test_a_task_done_one_interval_early_comes_again_on_its_own_day(world: World) -> None:
    task_id = (await world.begin(DAILY_WHEN_DONE, "2026-03-02T09:00:00Z")).id
    for expected in ("2026-03-03", "2026-03-03/2", "2026-03-03/3"):
        await world.complete(task_id)
        await world.settle()
        found = await world.open()
        assert [row["occurrence_date"] for row in found] == [expected]
        task_id = found[0]["id"]


async def test_an_erased_account_is_followed_by_nothing(world: World) -> None:
    task = await world.begin(WEEKLY)
    await world.complete(task.id)
    await world.do(commands.erase_all, world.wall.on())
    await world.settle()
    assert await world.open() == []
    async with world.own.transaction() as transaction:
        assert await storage.find_instance(transaction, task.id) is None


async def test_an_account_that_is_erased_while_its_next_task_is_made_is_followed_by_nothing(
    world: World,
) -> None:
    task = await world.begin(WEEKLY)
    await world.settle()
    await world.complete(task.id)
    news = await world.news()
    async with asyncio.TaskGroup() as group, world.api.transaction() as transaction:
        await commands.erase_all(transaction, world.person, world.wall.on())
        hearing = group.create_task(world.hear(news))
        await waits_or_ends(world.api, hearing)
    assert await world.open() == []
    async with world.own.transaction() as transaction:
        assert await storage.find_instance(transaction, task.id) is None


async def test_news_in_reverse_lead_to_what_news_in_order_do(world: World) -> None:
    task = await world.begin({"rule": "FREQ=DAILY"})
    await world.do(commands.update, task.id, {"recurrence": WEEKLY}, world.wall.on())
    await world.complete(task.id)
    await world.hear(reversed(await world.news()))
    await world.settle()
    assert await world.open_dates() == ["2026-03-16"]


async def test_an_end_that_is_heard_before_the_beginning_stays_the_end(world: World) -> None:
    task = await world.begin(WEEKLY)
    await world.do(commands.update, task.id, {"recurrence": None}, world.wall.on())
    await world.hear(reversed(await world.news()))
    async with world.own.transaction() as transaction:
        found, _ = await storage.listing(transaction, world.user, "active", 10, None)
    assert found == []


async def test_ten_deliveries_of_one_completion_at_once_make_one_next_task(world: World) -> None:
    task = await world.begin(WEEKLY)
    await world.complete(task.id)
    envelopes = await world.news()
    await asyncio.gather(*(world.hear(envelopes) for _ in range(10)))
    await world.settle()
    assert await world.open_dates() == ["2026-03-16"]


@pytest.mark.parametrize("is_heard_at_once", [True, False])
async def test_a_task_that_begins_another_series_leaves_none_behind(
    world: World, *, is_heard_at_once: bool
) -> None:
    task = await world.begin(WEEKLY)
    for recurrence in (None, WEEKLY):
        if is_heard_at_once:
            await world.settle()
        change = {"recurrence": recurrence}
        task = await world.do(commands.update, task.id, change, world.wall.on())
    await world.settle()
    async with world.own.transaction() as transaction:
        found, _ = await storage.listing(transaction, world.user, None, 10, None)
    assert [(one.id, one.status) for one in found] == [(task.series_id, "active")]


async def test_what_is_read_for_a_decision_is_found_by_indexes(world: World) -> None:
    async with world.own.transaction() as transaction:
        await transaction.execute("SET LOCAL enable_seqscan = off")
        plan = await transaction.rows(f"EXPLAIN {storage.CHAIN}", uuid4(), uuid4())
        taken = await transaction.rows(f"EXPLAIN {storage.IS_TAKEN}", uuid4(), "2026-03-09")
    text = "\n".join(row[0] for row in [*plan, *taken])
    assert "Seq Scan" not in text


@pytest.mark.parametrize("recurrence", [WEEKLY, DAILY_WHEN_DONE])
@pytest.mark.parametrize("is_done", [True, False])
async def test_a_withdrawn_task_that_somebody_restores_unheard_is_theirs(
    world: World, recurrence: dict[str, object], *, is_done: bool
) -> None:
    task = await world.begin(recurrence)
    await world.complete(task.id)
    await world.settle()
    withdrawn = (await world.open())[0]["id"]
    await world.do(commands.reopen, task.id, world.wall.on())
    await world.settle()
    await world.do(commands.restore, withdrawn, world.wall.on())
    if is_done:
        await world.complete(withdrawn)
    await world.complete(task.id)
    await world.hear(reversed(await world.news()))
    await world.settle()
    assert len(await world.open()) == 1


async def test_a_floating_one_is_followed_on_the_wall_where_its_owner_is_by_now(
    world: World,
) -> None:
    given = {
        "title": "Stretch",
        "due_date": "2026-03-09T08:00:00Z",
        "timezone": "Europe/Berlin",
        "floating": True,
        "recurrence": WEEKLY,
    }
    task = await world.do(commands.create, given, world.wall.on())
    await world.settle()
    for _ in range(2):  # The second time it is brought back.
        await world.complete(task.id)
        await world.settle()
        # The account is not known here, so its zone is UTC.
        (found,) = await world.open()
        assert found["due_at"] == datetime(2026, 3, 16, 9, tzinfo=UTC)
        await world.do(commands.reopen, task.id, world.wall.on())
        await world.settle()
    await world.complete(task.id)
    await world.settle()
    await world.complete((await world.open())[0]["id"])
    await world.settle()
    (found,) = await world.open()
    assert found["due_at"] == datetime(2026, 3, 23, 9, tzinfo=UTC)
