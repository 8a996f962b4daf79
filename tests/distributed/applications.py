"""An application of one consumer in this process: our bus, the listener for its own sidecar."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from tests.distributed.sidecar import TOKENS

from taskflow.bus.dapr import DaprBus
from taskflow.bus.message import Message
from taskflow.bus.ports import DONE, Outcome, Subscription
from taskflow.bus.sidecar import Sidecar
from taskflow.events.topics import TOPIC_OF
from taskflow.runner.server import Server, listen, make_server


class Handler(Protocol):
    """Whoever takes what is delivered."""

    async def handle(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Answer with an outcome for each."""
        ...

    async def set_aside(self, message: Message, reason: str) -> None:
        """Keep what is not tried again."""
        ...


class Nobody:
    """Takes everything and forgets it."""

    async def handle(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        return [DONE] * len(messages)

    async def set_aside(self, message: Message, reason: str) -> None:
        """Forget it."""


class Application:
    """What a service is to its sidecar; it is stopped and started again as the runner does.

    Args:
        name: Its consumer.
        port: Where it takes deliveries.
        sidecar_port: Where its sidecar publishes.
    """

    def __init__(self, name: str, port: int, sidecar_port: int) -> None:
        self.name = name
        self.handler: Handler = Nobody()
        self.can_consume = True
        self.bus = self._make(sidecar_port)
        self._port = port
        self._sidecar_port = sidecar_port
        self._server: Server | None = None
        self._running: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Serve."""
        self.bus = self._make(self._sidecar_port)
        self._server = make_server(self.bus.door)
        loop = asyncio.get_running_loop()
        sockets = listen("127.0.0.1", [self._port])
        self._running = [
            loop.create_task(self._server.serve(sockets)),
            loop.create_task(self.bus.run()),
        ]
        await self._server.has_started()

    async def stop(self) -> None:
        """Leave as the runner does: what is in hand is finished."""
        assert self._server
        self._server.should_exit = True
        await self.bus.stop()
        await asyncio.gather(*self._running)

    def _make(self, sidecar_port: int) -> DaprBus:
        sidecar = Sidecar(f"http://127.0.0.1:{sidecar_port}", TOKENS["DAPR_API_TOKEN"])
        bus = DaprBus(sidecar, TOKENS["APP_API_TOKEN"], self._answers)
        bus.subscribe(
            Subscription(
                consumer=self.name,
                topics=frozenset(TOPIC_OF.values()),
                handle=self._handle,
                set_aside=self._set_aside,
            )
        )
        return bus

    async def _answers(self) -> bool:
        return self.can_consume

    async def _handle(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        return await self.handler.handle(messages)

    async def _set_aside(self, message: Message, reason: str) -> None:
        await self.handler.set_aside(message, reason)
