"""The in-process bus: every consumer has its own lanes, so a slow or failing one delays nobody.

It is durable through the outbox alone: a position is settled when every consumer is done with it;
what was not settled is published again after a restart. A consumer whose lanes are full is parked:
only the positions of what it has yet to see are kept, as runs of neighbours, and their messages are
read again when it has room. Thus memory is bounded, whatever the backlog, and nobody waits for the
one that is behind, however far that is.
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
        self._settled: list[int] = []
        self._news = asyncio.Event()
        self._has_room = asyncio.Event()
        self._stopping = asyncio.Event()

    def subscribe(self, subscription: Subscription) -> None:
        """Add a consumer; before `run`."""
        self._consumers.append(
            MemoryConsumer(subscription, self._limits, self._reload, self._settle)
        )

    async def publish(self, messages: Sequence[Message]) -> None:
        """Hand messages to every consumer of their topics; waits while too much is kept of them.

        What is held already is passed over, so a batch may be published again after a failure.
        """
        for message in messages:
            await self._gets_room()
            if self._is_needed(message.position):
                continue
            for consumer in self._consumers:
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

    async def _gets_room(self) -> None:
        while sum(consumer.runs for consumer in self._consumers) >= self._limits.runs:
            self._has_room.clear()
            await self._has_room.wait()

    def _is_needed(self, position: int) -> bool:
        return any(consumer.needs(position) for consumer in self._consumers)

    def _settle(self, position: int) -> None:
        """A consumer is done with a position; it is settled when nobody needs it any more."""
        self._has_room.set()
        if not self._is_needed(position):
            self._settled.append(position)
            self._news.set()
