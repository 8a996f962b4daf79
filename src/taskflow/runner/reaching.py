"""Reaches the installation's database from another process than TaskFlow's, running or not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import asyncpg

from taskflow.base.clock import monotonic
from taskflow.base.errors import InUse, NotFound, Unavailable
from taskflow.base.settings import Settings
from taskflow.db.reasons import UNREACHABLE, unreachable
from taskflow.runner.addresses import NO_TLS
from taskflow.runner.postgres import OWNER, EmbeddedPostgres

if TYPE_CHECKING:
    from asyncpg import Connection, Record

CONNECT_SECONDS: Final = 10.0
ATTACH_SECONDS: Final = 20.0
STEP_SECONDS: Final = 0.1
# A backup may take as long as it takes; only for a lock nobody waits for ever.
_SESSION: Final = {
    "application_name": "taskflow backup",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": "30s",
    "timezone": "UTC",
}
Say = Callable[[str], None]


@asynccontextmanager
async def reaching(settings: Settings, say: Say = lambda _text: None) -> AsyncIterator[str]:
    """The database's address; our own database is started for the block when it does not run.

    Raises:
        NotFound: the data folder holds no database.
        Unavailable: it cannot be reached.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    if not (settings.data_dir / "postgres" / "cluster" / "PG_VERSION").exists():
        raise NotFound(
            f"there is no TaskFlow in {settings.data_dir}; `taskflow up` makes one, and "
            "--data-dir or TASKFLOW_DATA_DIR names another folder"
        )
    postgres = EmbeddedPostgres(settings.data_dir, say=say)
    dsn = await _start_or_attach(postgres, settings.data_dir)
    try:
        yield dsn
    finally:
        await postgres.stop()


@asynccontextmanager
async def holding(settings: Settings, say: Say) -> AsyncIterator[str]:
    """The database's address while nobody else has it; our own is prepared where there is none.

    Raises:
        InUse: TaskFlow runs on the data folder.
        Unavailable: the database cannot be started.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    postgres = EmbeddedPostgres(settings.data_dir, say=say)
    await postgres.start()
    try:
        yield postgres.dsn()
    finally:
        await postgres.stop()


@asynccontextmanager
async def connected(dsn: str) -> "AsyncIterator[Connection[Record]]":
    """A connection that may take its time; what the database refuses is a sentence.

    Raises:
        Unavailable: the database cannot be reached, or refused.
    """
    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS, server_settings=_SESSION)
    except UNREACHABLE as error:
        raise unreachable(dsn, error) from error
    try:
        yield connection
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(f"the database refused: {_brief(error)}") from error
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


async def _start_or_attach(postgres: EmbeddedPostgres, data_dir: Path) -> str:
    """Start the database, or find the one that a TaskFlow runs; it may be coming or going."""
    deadline = monotonic() + ATTACH_SECONDS
    while True:
        try:
            await postgres.start()
        except InUse as error:
            dsn = _running(data_dir)
            if dsn is not None and await _answers(dsn):
                return dsn
            if monotonic() > deadline:
                raise Unavailable(f"{error.detail}; its database does not answer") from error
            await asyncio.sleep(STEP_SECONDS)
        else:
            return postgres.dsn()


def _running(data_dir: Path) -> str | None:
    """The address of the server that runs on a folder; None while it says of none.

    Raises:
        Unavailable: the folder is not ours to read.
    """
    home = data_dir / "postgres"
    try:
        lines = (home / "cluster" / "postmaster.pid").read_text().splitlines()
        password = (home / "password").read_text().strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable(f"{home} cannot be read: {error.strerror}") from error
    if len(lines) < 5:  # noqa: PLR2004 - the port is the fourth line, the socket's folder the fifth
        return None
    place = quote(lines[4].strip(), safe="")
    way = f"host={place}&port={lines[3].strip()}&{NO_TLS}"
    return f"postgresql://{OWNER}:{password}@/{OWNER}?{way}"


async def _answers(dsn: str) -> bool:
    try:
        async with connected(dsn):
            return True
    except Unavailable:
        return False


def _brief(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
