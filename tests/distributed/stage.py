"""Kafka and applications in this process, each beside its real sidecar."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.distributed.applications import Application, Nobody
from tests.distributed.kafka import Kafka
from tests.distributed.ports import free_ports
from tests.distributed.services import make_topics, need_engine
from tests.distributed.sidecar import Sidecar

PUBLISHER, EACH, BULK = "task-api", "notification", "audit-logger"


class Stage:
    """What the tests of the bus run on.

    Args:
        folder: For data and logs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = free_ports()
        self.kafka = Kafka(folder / "kafka", next(self.ports), next(self.ports))
        self.sidecars: dict[str, Sidecar] = {}
        self.applications: dict[str, Application] = {}
        for name in (PUBLISHER, EACH, BULK):
            port = next(self.ports)
            sidecar = Sidecar(name, port, self.kafka.address, folder, self.ports)
            self.sidecars[name] = sidecar
            self.applications[name] = Application(name, port, sidecar.http_port)

    async def start(self) -> None:
        """Start everything."""
        await asyncio.to_thread(self.kafka.start)
        await asyncio.to_thread(make_topics, self.kafka)
        for application in self.applications.values():
            await application.start()
        for sidecar in self.sidecars.values():
            sidecar.launch()
        for sidecar in self.sidecars.values():
            await asyncio.to_thread(sidecar.wait_ready)

    async def stop(self) -> None:
        """Stop everything that runs."""
        for sidecar in self.sidecars.values():
            await asyncio.to_thread(sidecar.stop)
        for application in self.applications.values():
            application.handler = Nobody()
            await application.stop()
        await asyncio.to_thread(self.kafka.stop)


@asynccontextmanager
async def set_up(folder: Path) -> AsyncIterator[Stage]:
    """The stage while the block runs."""
    need_engine()
    stage = Stage(folder)
    try:
        await stage.start()
        yield stage
    finally:
        await stage.stop()
