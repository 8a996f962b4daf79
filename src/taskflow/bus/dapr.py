"""The bus over Dapr: the sidecar publishes for us, and delivers what this process consumes.

With `sidecar` and `deliveries` the only place that knows Dapr. A position is settled when the
broker has the message; that every consumer gets it, in the order of its key and until it is done,
is the broker's part and the sidecar's.
"""

import asyncio
from collections.abc import Sequence

from taskflow.base.errors import Conflict
from taskflow.bus.deliveries import CanConsume, Deliveries
from taskflow.bus.message import Message
from taskflow.bus.ports import Check, Subscription
from taskflow.bus.sidecar import Sidecar

DRAIN_SECONDS = 5.0


class DaprBus:
    """Carries messages between processes.

    Args:
        sidecar: Publishes.
        app_token: What the sidecar shows when it delivers.
        can_consume: Whether effects can be written right now.
    """

    is_shared = True

    def __init__(self, sidecar: Sidecar, app_token: str, can_consume: CanConsume) -> None:
        self.sidecar = sidecar
        self.door = Deliveries(app_token, can_consume)
        self.checks: dict[str, Check] = {"bus": sidecar.check}
        self.breakers = {"sidecar": sidecar.breaker}
        self._settled: list[int] = []
        self._news = asyncio.Event()
        self._stopping = asyncio.Event()

    def subscribe(self, subscription: Subscription) -> None:
        """Add the consumer of this process.

        Raises:
            Conflict: there is one already; a sidecar has one application.
        """
        if self.door.subscription is not None:
            raise Conflict("a process on Dapr has one consumer")
        self.door.subscription = subscription

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return when the broker has all messages; they are sent again until it has."""
        await self.sidecar.publish(messages, self._accept)

    async def settled(self) -> list[int]:
        """Positions that the broker has; waits for at least one."""
        await self._news.wait()
        self._news.clear()
        positions, self._settled = self._settled, []
        return positions

    async def run(self) -> None:
        """Return when stopped and nothing is being handled any more."""
        await self._stopping.wait()
        await self.door.drain(DRAIN_SECONDS)
        await self.sidecar.close()

    async def stop(self) -> None:
        """Take nothing new, let running calls end, and make `run` return."""
        self._stopping.set()

    def _accept(self, message: Message) -> None:
        self._settled.append(message.position)
        self._news.set()
