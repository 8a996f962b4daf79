"""The in-process bus: every consumer has its own lanes, so a slow or failing one delays nobody.

It is durable through the outbox alone: a position is settled when every consumer is done with it;
what was not settled is published again after a restart. A consumer whose lanes are full is parked:
only the positions of what it has yet to see are kept, and their messages are read again when it has
room. Thus memory is bounded, whatever the backlog.
"""

import asyncio
from collections.abc import Sequence

from taskflow.base.breaker import Breaker
from taskflow.bus.memory_consumer import Limits, MemoryConsumer, Reload
from taskflow.bus.message import Message
from taskflow.bus.ports import Check, Subscription

__all__ = ["Limits", "MemoryBus", "Reload"]


class MemoryBus:
    """Carries messages within one process.

    Args:
        reload: Reads parked messages again.
        limits: How much it holds and how long it tries.
    """

    is_shared = False
    door = None

    def __init__(self, reload: Reload, limits: Limits | None = None) -> None:
        self.checks: dict[str, Check] = {}
        self.breakers: dict[str, Breaker] = {}
        self._reload = reload
        self._limits = limits or Limits()
        self._consumers: list[MemoryConsumer] = []
        self._owing: dict[int, int] = {}
        self._settled: list[int] = []
        self._news = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._stopping = asyncio.Event()

    def subscribe(self, subscription: Subscription) -> None:
        """Add a consumer; before `run`."""
        self._consumers.append(
            MemoryConsumer(subscription, self._limits, self._reload, self._settle)
        )

    async def publish(self, messages: Sequence[Message]) -> None:
        """Hand messages to every consumer of their topics; waits while too many are unsettled.

        What is held already is passed over, so a batch may be published again after a failure.
        """
        for message in messages:
            await self._has_room.wait()
            if message.position in self._owing:
                continue
            readers = [consumer for consumer in self._consumers if consumer.reads(message.topic)]
            self._owing[message.position] = len(readers) + 1
            if len(self._owing) >= self._limits.tracked:
                self._has_room.clear()
            for consumer in readers:
                consumer.offer(message)
            self._settle(message.position)

    async def settled(self) -> list[int]:
        """Positions that every consumer is done with."""
        await self._news.wait()
        self._news.clear()
        positions, self._settled = self._settled, []
        return positions

    async def run(self) -> None:
        """Deliver until stopped."""
        async with asyncio.TaskGroup() as group:
            for consumer in self._consumers:
                group.create_task(consumer.run(), name=f"bus {consumer.name}")
            await self._stopping.wait()

    async def stop(self) -> None:
        """Take nothing new and let running calls end; the rest stays unsettled."""
        self._stopping.set()
        for consumer in self._consumers:
            consumer.stop()

    def backlog(self) -> dict[str, int]:
        """How many messages each consumer has yet to handle."""
        return {consumer.name: consumer.backlog for consumer in self._consumers}

    def _settle(self, position: int) -> None:
        self._owing[position] -= 1
        if self._owing[position]:
            return
        del self._owing[position]
        self._settled.append(position)
        self._news.set()
        self._has_room.set()
