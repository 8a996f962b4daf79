"""The relay against PostgreSQL: whatever order transactions commit in, nothing is left behind."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from tests.fresh import fresh_database

from taskflow.bus.memory import MemoryBus
from taskflow.bus.message import Message
from taskflow.bus.ports import DONE, Outcome, Subscription
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.events.topics import ALL_TYPES, TOPIC_OF
from taskflow.outbox.relay import Relay, reload
from taskflow.tasks import commands
from taskflow.tasks.model import Actor

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
PATIENCE_SECONDS = 15
USER = uuid4()
ACTOR = Actor(USER, "user", str(USER), "Ann", "correlation")


class Reader:
    """A consumer that remembers what it was given."""

    def __init__(self) -> None:
        self.seen: list[Message] = []
        self._news = asyncio.Event()

    async def handle(self, messages: Sequence[Message]) -> list[Outcome]:
        self.seen += messages
        self._news.set()
        return [DONE] * len(messages)

    async def set_aside(self, message: Message, reason: str) -> None:
        raise AssertionError(message, reason)

    async def has_seen(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.seen) < count:
                self._news.clear()
                await self._news.wait()


@pytest.fixture
async def outbox(dsn: str) -> AsyncIterator[Database]:
    async with fresh_database(dsn) as database:
        yield database


@asynccontextmanager
async def relaying(outbox: Database, reader: Reader) -> AsyncIterator[Relay]:
    bus = MemoryBus(lambda positions: reload(outbox, positions))
    topics = frozenset(TOPIC_OF[event_type] for event_type in ALL_TYPES)
    bus.subscribe(
        Subscription(
            consumer="reader", topics=topics, handle=reader.handle, set_aside=reader.set_aside
        )
    )
    relay = Relay(outbox, bus)
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(relay.run()), group.create_task(bus.run())]
        yield relay
        for one in running:
            one.cancel()


async def create(transaction: Transaction, count: int) -> None:
    for number in range(count):
        await commands.create(transaction, ACTOR, {"title": f"Task {number}"}, NOW)


async def test_a_large_change_that_commits_late_is_told_of_whole(outbox: Database) -> None:
    reader = Reader()
    async with relaying(outbox, reader):
        async with outbox.transaction() as late:
            await create(late, 100)
            async with outbox.transaction() as early:
                await create(early, 1)
            await reader.has_seen(1)
        await reader.has_seen(101)
    assert len({message.position for message in reader.seen}) == 101


async def test_what_was_undone_is_looked_for_no_longer_than_somebody_writes(
    outbox: Database,
) -> None:
    reader = Reader()
    async with relaying(outbox, reader) as relay:
        with suppress(ZeroDivisionError):
            async with outbox.transaction() as undone:
                await create(undone, 3)
                raise ZeroDivisionError
        async with outbox.transaction() as kept:
            await create(kept, 1)
        await reader.has_seen(1)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while relay._tail.gaps or not relay._tail.position:
                await outbox.hints.wait("nobody rings", 0.01)
    assert len(reader.seen) == 1


async def test_what_was_read_but_not_published_is_read_again(outbox: Database) -> None:
    told: list[int] = []

    def fail_once(messages: Sequence[Message]) -> None:
        told.append(len(messages))
        if len(told) == 1:
            raise ZeroDivisionError

    bus = MemoryBus(lambda positions: reload(outbox, positions))
    relay = Relay(outbox, bus, fail_once)
    async with outbox.transaction() as transaction:
        await create(transaction, 2)
    # In a task of its own, as loops are run: Python 3.11.2 cancels whoever saw a group fail.
    (failure,) = await asyncio.gather(relay.run(), return_exceptions=True)
    assert isinstance(failure, ExceptionGroup)
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        running = group.create_task(relay.run())
        while len(told) < 2:
            await outbox.hints.wait("nobody rings", 0.01)
        running.cancel()
    assert told == [2, 2]
