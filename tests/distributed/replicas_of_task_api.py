"""Replicas of the Task API as processes, each beside its own sidecar; they publish the outbox."""

import asyncio

from tests.distributed.ports import free_span
from tests.distributed.services import SPAN, Pair, Place
from tests.distributed.watch import Watch

NAME = "task-api"


class Replica:
    """One of them.

    Args:
        number: Tells it from the others.
        place: What all of them run on.
    """

    def __init__(self, number: int, place: Place) -> None:
        port = next(place.ports)
        settings = {"TASKFLOW_DAPR_HTTP_PORT": str(port)}
        pair = Pair(NAME, place, free_span(SPAN), settings, f"-{number}")
        self.process, self.sidecar = pair.service, pair.sidecar
        self.watch = Watch(port, self.sidecar.http_port)

    async def start(self) -> None:
        """Start it and its sidecar."""
        await self.watch.start()
        self.process.launch()
        self.sidecar.launch()
        await asyncio.to_thread(self.process.wait_ready)
        await asyncio.to_thread(self.sidecar.wait_ready)

    async def stop(self) -> None:
        """Stop whatever of it runs."""
        await asyncio.to_thread(self.process.stop)
        await asyncio.to_thread(self.sidecar.stop)
        await self.watch.stop()
