"""The recurring processor against PostgreSQL: real commands, real events, in every order."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from tests.followed import DAILY_WHEN_DONE, WEEKLY, World, followed
from tests.waiting import waits_or_ends

from taskflow.services.recurring_processor import history_storage, storage
from taskflow.tasks import commands


@pytest.fixture
async def world(dsn: str) -> AsyncIterator[World]:
    async with followed(dsn) as world:
        yield world


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
        newest = (await history_storage.newest(transaction, task.series_id))[0]
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
        days, times = [[uuid4()], ["2026-03-09"]], [[uuid4()], [world.wall.at]]
        given = [*days, *times, *days, *days, ["2026-03-12"]]
        taken = await transaction.rows(f"EXPLAIN {history_storage.STANDING}", *given)
    text = "\n".join(row[0] for row in [*plan, *taken])
    assert "Seq Scan" not in text


@pytest.mark.parametrize("recurrence", [WEEKLY, DAILY_WHEN_DONE])
@pytest.mark.parametrize("is_done", [True, False])
async def test_a_withdrawn_task_that_somebody_restores_unheard_is_theirs(
    world: World, recurrence: dict[str, object], *, is_done: bool
) -> None:
    task, withdrawn = await world.reopened(recurrence)
    await world.complete(task.id)
    await world.do(commands.restore, withdrawn, world.wall.on())
    if is_done:
        await world.complete(withdrawn)
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
