"""Publishes to a broker: of each task the oldest event, one at a time, under a lease.

The next event of a task is read only when the one before was accepted and deleted, so that a
publication that failed in part can be sent again without ever changing a task's order.
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
from taskflow.outbox.leases import Leases
from taskflow.outbox.publication import publication

log = structlog.get_logger()

BATCH: Final = 500
# Other replicas' commits ring no bell here: their rows are found by looking.
LOOK_SECONDS: Final = 0.05
AWAY_SECONDS: Final = 0.5


class LeasedRelay:
    """Moves the events of the shards that this process holds from the outbox to the broker.

    Args:
        database: Where the outbox is.
        bus: Where messages go; what it has settled is with the broker.
        source: Whose events are published.
        on_published: Told of every batch that was accepted, for the metrics.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        source: str,
        on_published: Callable[[Sequence[Message]], None] = lambda _messages: None,
    ) -> None:
        self._database = database
        self._bus = bus
        self._source = source
        self._on_published = on_published
        self._leases = Leases(database, source)

    @property
    def shards(self) -> int:
        """How many shards this process publishes right now."""
        return len(self._leases.held)

    async def run(self) -> None:
        """Publish until cancelled; then others may take over at once."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._leases.keep(), name="leases")
                group.create_task(self._publish_always(), name="relay")
        finally:
            await asyncio.shield(self._leases.give_up())

    async def _publish_always(self) -> None:
        while True:
            try:
                moved = await self._move()
            except Unavailable as error:
                log.warning("relay.waiting", source=self._source, reason=error.detail)
                await asyncio.sleep(AWAY_SECONDS)
                continue
            if not moved:
                await self._database.hints.wait(BELL, LOOK_SECONDS)

    async def _move(self) -> int:
        """Publish the heads of our shards; returns how many the broker has now."""
        # Before the shards are read: a change after that ends what is published of them.
        self._leases.changed.clear()
        shards = sorted(self._leases.held)
        if not shards:
            await asyncio.sleep(LOOK_SECONDS)
            return 0
        async with self._database.transaction(read_only=True) as transaction:
            heads = await tables.read_heads(transaction, self._source, shards, BATCH)
        if not heads:
            return 0
        with Running(publication(heads)) as span:
            if not await self._publish_while_leased(heads):
                span.fail("lease lost")
                return 0
        accepted = await self._bus.settled()
        async with self._database.transaction() as transaction:
            await tables.delete(transaction, accepted)
        return len(accepted)

    async def _publish_while_leased(self, heads: Sequence[Message]) -> bool:
        """Publish; False when a lease changed hands or ran out before the broker had everything."""
        async with asyncio.TaskGroup() as group:
            publishing = group.create_task(self._bus.publish(heads))
            changed = group.create_task(self._leases.changed.wait())
            while not publishing.done() and not changed.done() and self._leases.seconds_left > 0:
                await asyncio.wait(
                    (publishing, changed),
                    timeout=self._leases.seconds_left,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            is_published = publishing.done()
            publishing.cancel()
            changed.cancel()
        if is_published:
            self._on_published(heads)
        return is_published
