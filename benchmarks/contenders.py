"""Contenders of goals 6 and 7: programs with a database each, in one embedded PostgreSQL."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg

from benchmarks import due
from benchmarks.databases import add_database
from taskflow.runner.addresses import with_database
from taskflow.runner.postgres import EmbeddedPostgres

CONNECTIONS = 100


class Contender(NamedTuple):
    """Who takes a turn.

    Attributes:
        name: What the table calls it.
        module: The program.
        database: What it works on.
        settings: What the program is told beside its workload.
    """

    name: str
    module: str
    database: str
    settings: tuple[str, ...] = ()


SCHEDULERS: Final = (
    Contender("procrastinate", "benchmarks.peers.procrastinate_jobs", "procrastinate"),
    Contender("APScheduler", "benchmarks.peers.apscheduler_jobs", "apscheduler"),
)


def awa(promote_ms: int) -> Contender:
    """Awa that looks each so many milliseconds for what has become due."""
    name = f"awa, each {promote_ms} ms"
    return Contender(name, "benchmarks.peers.awa_jobs", f"awa_{promote_ms}", (str(promote_ms),))


class Ring:
    """One PostgreSQL for all.

    Args:
        dsn: Its address.
        folder: Where notes and output go.
    """

    def __init__(self, dsn: str, folder: Path) -> None:
        self._dsn = dsn
        self._folder = folder

    def dsn(self, contender: Contender) -> str:
        """The address of a contender's database."""
        return with_database(self._dsn, contender.database)

    async def add_migrated(self, contender: Contender) -> None:
        """Make a database with TaskFlow's schema."""
        await add_database(self._dsn, self.dsn(contender), contender.database)

    async def add_seeded(self, contender: Contender, pending: int) -> None:
        """Make a database, and let the contender write so many that are far ahead."""
        connection = await asyncpg.connect(self._dsn)
        await connection.execute(f"CREATE DATABASE {contender.database}")
        await connection.close()
        arguments = [self.dsn(contender), "seed", str(pending)]
        await due.run(contender.module, arguments, self._folder)

    async def count(self, contender: Contender, statement: str) -> int:
        """The number that a query gives in a contender's database."""
        connection = await asyncpg.connect(self.dsn(contender))
        try:
            return int(await connection.fetchval(statement))
        finally:
            await connection.close()

    async def run(self, contender: Contender, workload: due.Workload) -> due.Noted:
        """Let it take a turn.

        Raises:
            Failed: it failed, lost one or fired one twice.
        """
        path = self._folder / f"{contender.database}.json"
        arguments = [self.dsn(contender), str(path), *workload.arguments, *contender.settings]
        await due.run(contender.module, arguments, self._folder)
        return due.read(path, workload)


async def open_ring(stack: AsyncExitStack, folder: Path) -> Ring:
    """Start the PostgreSQL, until the stack is left."""
    postgres = EmbeddedPostgres(folder / "postgres", max_connections=CONNECTIONS)
    await postgres.start()
    stack.push_async_callback(postgres.stop)
    return Ring(postgres.dsn(), folder)
