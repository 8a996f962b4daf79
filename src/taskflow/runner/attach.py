"""What a command needs of an installation: its database under a role."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from taskflow.base.settings import Settings
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.db.migrate import require_present
from taskflow.runner.reaching import reaching


@asynccontextmanager
async def database_as(role: str, settings: Settings) -> AsyncIterator[Database]:
    """The installation's database under a role, at the revision that this program knows.

    Raises:
        Conflict: its schema is of another TaskFlow; the detail says what to do.
        NotFound: there is no TaskFlow in the data folder.
        Unavailable: the database cannot be reached.
    """
    async with reaching(settings) as dsn:
        await require_present(dsn)
        database = Database(dsn, role, Hints(), max_connections=2)
        await database.open()
        try:
            yield database
        finally:
            await database.close()
