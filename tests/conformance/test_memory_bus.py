"""The in-process bus keeps what every bus promises."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count

import pytest
from tests.conformance.bus_promises import BusPromises
from tests.conformance.readers import Carriers, Reader

from taskflow.bus.memory import Limits, MemoryBus
from taskflow.bus.message import Message

CONCURRENCY = 8
BATCH_SIZE = 100
RETRIES = 3


class MemoryCarrier:
    """A bus whose outbox is a dictionary; what was not settled is published again at a restart."""

    most_in_hand = CONCURRENCY

    def __init__(self, run: str) -> None:
        self.one, self.two = Reader(run), Reader(run)
        self.is_leaving = False
        self._outbox: dict[int, Message] = {}
        self._positions = count(1_000_000)
        self._bus = self._make()
        self._running: asyncio.Task[None] | None = None
        self._settling: asyncio.Task[None] | None = None

    async def publish(self, messages: Sequence[Message]) -> None:
        self._outbox.update({message.position: message for message in messages})
        await self._bus.publish(messages)

    async def write(self, topic: str, *bodies: bytes) -> None:
        await self.publish([Message(next(self._positions), topic, "", body) for body in bodies])

    async def leave(self) -> None:
        assert self._running
        assert self._settling
        await self._bus.stop()
        self.is_leaving = True
        await self._running
        self._settling.cancel()

    async def come_back(self) -> None:
        self._bus = self._make()
        self.start()
        await self._bus.publish(list(self._outbox.values()))

    def start(self) -> None:
        self.is_leaving = False
        loop = asyncio.get_running_loop()
        self._running = loop.create_task(self._bus.run())
        self._settling = loop.create_task(self._settle(self._bus))

    def _make(self) -> MemoryBus:
        limits = Limits(
            lane_messages=50, runs=2_000, retry_delays=(0.01,) * RETRIES, away_seconds=0.01
        )
        bus = MemoryBus(self._reload, limits)
        bus.subscribe(self.one.subscription("one"))
        bus.subscribe(self.two.subscription("two", BATCH_SIZE))
        return bus

    async def _reload(self, positions: Sequence[int]) -> list[Message]:
        return [self._outbox[position] for position in positions if position in self._outbox]

    async def _settle(self, bus: MemoryBus) -> None:
        while True:
            for position in await bus.settled():
                del self._outbox[position]


@asynccontextmanager
async def carry(run: str) -> AsyncIterator[MemoryCarrier]:
    carrier = MemoryCarrier(run)
    carrier.start()
    yield carrier
    await carrier.leave()


class TestMemoryBus(BusPromises):
    ATTEMPTS = 1 + RETRIES

    @pytest.fixture
    def carriers(self) -> Carriers:
        return carry
