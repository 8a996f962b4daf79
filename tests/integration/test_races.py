"""Commands that meet each other in PostgreSQL: who comes second sees what the first has done."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.fresh import fresh_database

from taskflow.db.engine import Database
from taskflow.services.task_api.bulk import run_bulk
from taskflow.services.task_api.schemas import BulkBody
from taskflow.tasks import commands, queries
from taskflow.tasks.model import Actor, Task

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
LATER = NOW + timedelta(days=60)
USER = uuid4()
ACTOR = Actor(USER, "user", str(USER), "Ann", "correlation")
WAITING = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.fixture
async def api(dsn: str) -> AsyncIterator[Database]:
    async with fresh_database(dsn) as database:
        yield database


async def create(api: Database, title: str) -> Task:
    async with api.transaction() as transaction:
        return await commands.create(transaction, ACTOR, {"title": title}, NOW)


async def somebody_waits(api: Database, sessions: int = 1) -> None:
    """Return once so many sessions wait for a lock."""
    async with api.transaction(read_only=True) as transaction, asyncio.timeout(15):
        while await transaction.value(WAITING) < sessions:
            await transaction.value("SELECT pg_stat_clear_snapshot()")


async def test_a_task_that_is_restored_while_the_trash_is_emptied_stays(api: Database) -> None:
    task = await create(api, "Mine")
    async with api.transaction() as transaction:
        await commands.delete(transaction, ACTOR, task.id, NOW)

    async def purge() -> int:
        async with api.transaction() as transaction:
            return await commands.purge_trash(transaction, LATER, 100)

    async with asyncio.TaskGroup() as group, api.transaction() as transaction:
        await commands.restore(transaction, ACTOR, task.id, LATER)
        purging = group.create_task(purge())
        waiting = group.create_task(somebody_waits(api))
        await asyncio.wait({purging, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
    assert purging.result() == 0
    async with api.transaction(read_only=True) as transaction:
        assert (await queries.get(transaction, USER, task.id)).title == "Mine"


async def test_bulks_that_name_the_same_tasks_in_another_order_both_succeed(api: Database) -> None:
    tasks = [(await create(api, f"Task {number}")).id for number in range(40)]

    async def complete(ids: list[UUID]) -> list[Any]:
        body = BulkBody(complete=[str(one) for one in ids])
        async with api.transaction() as transaction:
            return (await run_bulk(transaction, ACTOR, body, NOW, "UTC")).results

    for _ in range(5):
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(complete(ids)) for ids in (tasks, tasks[::-1]) * 3]
        for one in running:
            assert {result.status for result in one.result()} == {200}
        async with api.transaction() as transaction:
            for task_id in tasks:
                await commands.reopen(transaction, ACTOR, task_id, NOW)
