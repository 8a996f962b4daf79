"""Publishes what is in the outbox and deletes what everybody has.

Positions are taken from a sequence before their transaction commits, so a higher one may be visible
before a lower one. The relay remembers such gaps and looks into them until they are filled or
their transaction cannot live any more. One task's rows are written under that task's row lock, so
they always become visible in order.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import structlog

from taskflow.base.clock import monotonic
from taskflow.base.errors import Unavailable
from taskflow.bus.message import Message
from taskflow.bus.ports import Bus
from taskflow.db.engine import Database
from taskflow.outbox import tables
from taskflow.outbox.append import BELL

log = structlog.get_logger()

BATCH: Final = 500
IDLE_SECONDS: Final = 1.0
AWAY_SECONDS: Final = 0.5
# Longer than any transaction of ours can last (see the session's time-outs in db/engine.py).
GAP_SECONDS: Final = 600.0
FIRST_GAPS: Final = 64


class Tail:
    """How far the outbox was read, and which positions before that were not visible yet. Pure."""

    def __init__(self) -> None:
        self.position = 0
        self._gaps: dict[int, float] = {}
        self._has_read = False

    @property
    def gaps(self) -> list[int]:
        """Positions that may still become visible."""
        return list(self._gaps)

    def read(self, positions: Iterable[int], now: float) -> None:
        """Note what was read, in ascending order, at a monotonic time."""
        for position in positions:
            if position <= self.position:
                self._gaps.pop(position, None)
                continue
            # Before the first read everything lower was deleted long ago or is yet to be seen.
            first = self.position + 1 if self._has_read else max(1, position - FIRST_GAPS)
            self._gaps.update(dict.fromkeys(range(first, position), now))
            self.position = position
            self._has_read = True
        expired = [gap for gap, since in self._gaps.items() if now - since > GAP_SECONDS]
        for gap in expired:
            del self._gaps[gap]


async def reload(database: Database, positions: Sequence[int]) -> list[Message]:
    """Read messages again by their positions.

    Raises:
        Unavailable: the database is away.
    """
    async with database.transaction(read_only=True) as transaction:
        return await tables.read_again(transaction, positions)


async def read_pending(database: Database) -> tables.Pending:
    """How much waits to be delivered, and since when.

    Raises:
        Unavailable: the database is away.
    """
    async with database.transaction(read_only=True) as transaction:
        return await tables.pending(transaction)


class Relay:
    """Moves messages from the outbox to the bus, and settled ones out of the outbox.

    Args:
        database: Where the outbox is.
        bus: Where messages go.
        on_published: Told of every batch, for the metrics.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        on_published: Callable[[Sequence[Message]], None] = lambda _messages: None,
    ) -> None:
        self._database = database
        self._bus = bus
        self._on_published = on_published
        self._tail = Tail()

    async def run(self) -> None:
        """Publish and delete until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._publish(), name="relay publish")
            group.create_task(self._delete(), name="relay delete")

    async def _publish(self) -> None:
        while True:
            messages = await self._read()
            if messages:
                self._on_published(messages)
                await self._bus.publish(messages)
            if len(messages) < BATCH:
                await self._database.hints.wait(BELL, IDLE_SECONDS)

    async def _read(self) -> list[Message]:
        """The next messages; none while the database is away."""
        try:
            async with self._database.transaction(read_only=True) as transaction:
                tail = self._tail
                messages = await tables.read_new(transaction, tail.position, tail.gaps, BATCH)
        except Unavailable as error:
            log.warning("relay.waiting", reason=error.detail)
            await asyncio.sleep(AWAY_SECONDS)
            return []
        self._tail.read((message.position for message in messages), monotonic())
        return messages

    async def _delete(self) -> None:
        while True:
            positions = await self._bus.settled()
            while positions:
                try:
                    async with self._database.transaction() as transaction:
                        await tables.delete(transaction, positions)
                    positions = []
                except Unavailable:
                    await asyncio.sleep(AWAY_SECONDS)
