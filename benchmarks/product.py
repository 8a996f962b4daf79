"""The product under measurement: `taskflow up` as a process, on a folder and ports of its own."""

import asyncio
import re
from pathlib import Path
from time import perf_counter
from typing import Final
from urllib.parse import quote

import asyncpg
from tests.distributed.ports import free_span

from benchmarks.http_load import connect
from benchmarks.processes import Failed, Program

READY: Final = "TaskFlow is ready"
PENDING: Final = re.compile(rb"^taskflow_outbox_pending ([0-9.e+]+)$", re.MULTILINE)
METRICS: Final = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
STEP_SECONDS: Final = 0.05
DRAIN_SECONDS: Final = 120.0


class Product:
    """TaskFlow as people run it; only the limits of one caller are raised.

    Args:
        folder: Gets its data and its output.
        command: The module whose `main` is the command line.
        settings: Added to its environment.
    """

    def __init__(self, folder: Path, command: str = "taskflow.cli", **settings: str) -> None:
        self.data_dir = folder / "product"
        self.port = free_span(5)
        environment = {
            "TASKFLOW_DATA_DIR": str(self.data_dir),
            "TASKFLOW_PORT_BASE": str(self.port),
            "TASKFLOW_RATE_LIMIT_PER_SECOND": "1000000",
            "TASKFLOW_RATE_LIMIT_BURST": "1000000",
            **settings,
        }
        code = f"from {command} import main; main()"
        self.program = Program("product", ["-c", code, "up"], folder, environment)

    async def start(self) -> None:
        """Start, and wait until it says that it is ready."""
        await self.program.start(READY)

    async def stop(self) -> None:
        """Stop it cleanly."""
        await self.program.stop()

    def dsn(self, database: str = "taskflow") -> str:
        """The address of a database in its embedded PostgreSQL."""
        home = self.data_dir / "postgres"
        password = (home / "password").read_text().strip()
        place = quote(str(home / "socket"), safe="")
        return f"postgresql://taskflow:{password}@/{database}?host={place}&port=5432"

    async def drained(self) -> float:
        """Wait until every event has been handled by everybody; returns the seconds it took."""
        begun = perf_counter()
        (connection,) = await connect(self.port, 1)
        try:
            while perf_counter() - begun < DRAIN_SECONDS:
                found = PENDING.search((await connection.ask(METRICS)).body)
                if found and not float(found[1]):
                    return perf_counter() - begun
                await asyncio.sleep(STEP_SECONDS)
        finally:
            connection.close()
        raise Failed("the outbox is not empty yet")

    async def count(self, statement: str, database: str = "taskflow") -> int:
        """The number that a query gives."""
        connection = await asyncpg.connect(self.dsn(database))
        try:
            return int(await connection.fetchval(statement))
        finally:
            await connection.close()
