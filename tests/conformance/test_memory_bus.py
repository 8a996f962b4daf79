"""The in-process bus keeps what every bus promises."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from tests.conformance.bus_promises import BusPromises, Carriers, Reader

from taskflow.bus.memory import Limits, MemoryBus
from taskflow.bus.message import Message


class MemoryCarrier:
    """A bus whose outbox is a dictionary; what was not settled is published again at a restart."""

    def __init__(self, run: str) -> None:
        self.one, self.two = Reader(run), Reader(run)
        self._outbox: dict[int, Message] = {}
        self._bus = self._make()
        self._running: asyncio.Task[None] | None = None
        self._settling: asyncio.Task[None] | None = None

    async def publish(self, messages: Sequence[Message]) -> None:
        self._outbox.update({message.position: message for message in messages})
        await self._bus.publish(messages)

    async def restart(self) -> None:
        await self.stop()
        self._bus = self._make()
        self.start()
        await self._bus.publish(list(self._outbox.values()))

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._running = loop.create_task(self._bus.run())
        self._settling = loop.create_task(self._settle(self._bus))

    async def stop(self) -> None:
        assert self._running
        assert self._settling
        await self._bus.stop()
        await self._running
        self._settling.cancel()

    def _make(self) -> MemoryBus:
        limits = Limits(lane_messages=50, runs=2_000, retry_delays=(0.01,) * 3)
        bus = MemoryBus(self._reload, limits)
        bus.subscribe(self.one.subscription("one"))
        bus.subscribe(self.two.subscription("two"))
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
    await carrier.stop()


class TestMemoryBus(BusPromises):
    @pytest.fixture
    def carriers(self) -> Carriers:
        return carry
