"""Publishes what is in the outbox and deletes what everybody has.

One task's rows are written under that task's row lock, so they become visible in order; those of
different tasks may not, and `outbox.tail` sees to it that none is missed.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from taskflow.base.errors import Unavailable
from taskflow.base.spans import Running
from taskflow.bus.message import Message
from taskflow.bus.ports import Bus
from taskflow.db.engine import Database
from taskflow.outbox import tables
from taskflow.outbox.append import BELL
from taskflow.outbox.publication import publication
from taskflow.outbox.tail import Tail

log = structlog.get_logger()

BATCH: Final = 500
IDLE_SECONDS: Final = 1.0
AWAY_SECONDS: Final = 0.5


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

    What it has in hand when it is interrupted is not lost: run again, it goes on from there.

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
        self._settled: list[int] = []

    async def run(self) -> None:
        """Publish and delete until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._publish(), name="relay publish")
            group.create_task(self._delete(), name="relay delete")

    async def _publish(self) -> None:
        while True:
            try:
                tail, messages = await self._read()
            except Unavailable as error:
                log.warning("relay.waiting", reason=error.detail)
                await asyncio.sleep(AWAY_SECONDS)
                continue
            if messages:
                self._on_published(messages)
                with Running(publication(messages)):
                    await self._bus.publish(messages)
            self._tail = tail
            if len(messages) < BATCH:
                await self._database.hints.wait(BELL, IDLE_SECONDS)

    async def _read(self) -> tuple[Tail, list[Message]]:
        """The next messages, and the tail once they are published."""
        tail = self._tail
        async with self._database.transaction(read_only=True) as transaction:
            horizon = await tables.horizon(transaction) if tail.gaps else None
            messages = await tables.read_new(transaction, tail, BATCH)
        positions = [message.position for message in messages]
        return tail.read(positions, horizon, is_whole=len(messages) < BATCH), messages

    async def _delete(self) -> None:
        while True:
            self._settled = self._settled or await self._bus.settled()
            try:
                async with self._database.transaction() as transaction:
                    await tables.delete(transaction, self._settled)
            except Unavailable as error:
                log.warning("relay.waiting", reason=error.detail)
                await asyncio.sleep(AWAY_SECONDS)
            else:
                self._settled = []
