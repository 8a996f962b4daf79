"""Leases on shards of the outbox: one holder each, fair shares, given up and taken over."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from taskflow.db.engine import Database
from taskflow.outbox.leases import SHARDS, Leases, fair_share

PATIENCE_SECONDS = 20


@asynccontextmanager
async def keeping(*holders: Leases) -> AsyncIterator[None]:
    """Replicas that live while the block runs."""
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        tasks = [group.create_task(holder.keep()) for holder in holders]
        yield
        for task in tasks:
            task.cancel()


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - what two holders say together has no event
        await asyncio.sleep(0.01)


async def test_two_replicas_hold_half_of_the_shards_each_and_none_twice(database: Database) -> None:
    source = str(uuid4())
    one, two = Leases(database, source), Leases(database, source)
    async with keeping(one, two):
        await until(lambda: len(one.held) == len(two.held) == SHARDS // 2)
        assert one.held | two.held == set(range(SHARDS))


async def test_what_a_replica_gives_up_is_taken_over(database: Database) -> None:
    source = str(uuid4())
    one, two = Leases(database, source), Leases(database, source)
    async with keeping(one):
        await until(lambda: len(one.held) == SHARDS)
    await one.give_up()
    assert one.held == set()
    async with keeping(two):
        await until(lambda: len(two.held) == SHARDS)


async def test_what_a_dead_replica_held_is_taken_over_when_its_lease_ends(
    database: Database,
) -> None:
    source = str(uuid4())
    dead, heir = Leases(database, source), Leases(database, source)
    async with keeping(dead):
        await until(lambda: len(dead.held) == SHARDS)
    async with keeping(heir):
        await until(lambda: len(heir.held) == SHARDS)
    assert dead.held == set()


@pytest.mark.parametrize(("alive", "share"), [(0, 8), (1, 8), (2, 4), (3, 3), (8, 1), (20, 1)])
def test_a_fair_share_leaves_no_shard_over(alive: int, share: int) -> None:
    assert fair_share(alive) == share
