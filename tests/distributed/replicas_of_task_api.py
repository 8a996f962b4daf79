"""Replicas of the Task API as processes, each beside its own sidecar; they publish the outbox."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from tests.distributed.ports import free_span
from tests.distributed.programs import CLI, Program, answers
from tests.distributed.services import SPAN
from tests.distributed.sidecar import TOKENS, Sidecar
from tests.distributed.watch import Watch

NAME = "task-api"


class Replica:
    """One of them.

    Args:
        number: Tells it from the others.
        dsn: The database that all share.
        brokers: Kafka's address.
        folder: For its data and logs.
        ports: Free ones to take.
    """

    def __init__(
        self, number: int, dsn: str, brokers: str, folder: Path, ports: Iterator[int]
    ) -> None:
        base = free_span(SPAN)
        self.sidecar = Sidecar(NAME, base + 100, brokers, folder, ports, f"daprd-{NAME}-{number}")
        self.watch = Watch(next(ports), self.sidecar.http_port)
        self.process = Program(
            f"{NAME}-{number}",
            [*CLI, "run", NAME],
            folder,
            environment={
                "TASKFLOW_BUS": "dapr",
                "TASKFLOW_DATABASE_URL": dsn,
                "TASKFLOW_DATA_DIR": str(folder / "data"),
                "TASKFLOW_PORT_BASE": str(base),
                "TASKFLOW_DAPR_HTTP_PORT": str(self.watch.port),
                **TOKENS,
            },
            is_ready=answers(f"http://127.0.0.1:{base}/health/live"),
        )

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
