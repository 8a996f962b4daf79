"""The database for a command: the one that runs, or the embedded one for as long as needed."""

import fcntl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from taskflow.base.errors import NotFound, Unavailable
from taskflow.base.settings import Settings
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.db.migrate import require_present
from taskflow.runner.postgres import OWNER, PORT, EmbeddedPostgres

# Lines of `postmaster.pid`, as PostgreSQL's documentation names them.
_SOCKET_LINE: Final = 4


@asynccontextmanager
async def attached(
    settings: Settings, say: Callable[[str], None] = lambda _text: None
) -> AsyncIterator[str]:
    """The address of the installation's database, which answers while the block runs.

    Raises:
        NotFound: there is no TaskFlow in the data folder.
        Unavailable: the database does not answer.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    if not (settings.data_dir / "postgres" / "cluster").exists():
        raise NotFound(
            f"there is no TaskFlow in {settings.data_dir}; `taskflow up` makes one, and "
            "--data-dir or TASKFLOW_DATA_DIR names another folder"
        )
    if holder(settings.data_dir) is not None:
        yield _running(settings.data_dir)
        return
    postgres = EmbeddedPostgres(settings.data_dir, say=say)
    await postgres.start()
    try:
        yield postgres.dsn()
    finally:
        await postgres.stop()


@asynccontextmanager
async def connected(settings: Settings, role: str | None = None) -> AsyncIterator[Database]:
    """The installation's database under a role, at the revision that this program knows.

    Raises:
        Conflict: its schema is of another TaskFlow; the detail says what to do.
    """
    async with attached(settings) as dsn:
        await require_present(dsn)
        database = Database(dsn, role, Hints(), max_connections=2)
        await database.open()
        try:
            yield database
        finally:
            await database.close()


def holder(data_dir: Path) -> str | None:
    """The process that runs on a data folder, as its lock names it; None when there is none."""
    try:
        with (data_dir / "lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return lock.read().strip() or "unknown"
    except FileNotFoundError:
        pass
    except OSError as error:
        raise Unavailable(f"the data folder {data_dir}: {error.strerror}") from error
    return None


def _running(data_dir: Path) -> str:
    """The address of the embedded database that another process runs."""
    home = data_dir / "postgres"
    try:
        lines = (home / "cluster" / "postmaster.pid").read_text().splitlines()
        password = (home / "password").read_text().strip()
        socket = lines[_SOCKET_LINE]
    except (OSError, IndexError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is just starting or stopping"
        raise Unavailable(f"the database in {data_dir} cannot be reached: {reason}") from error
    return f"postgresql://{OWNER}:{password}@/{OWNER}?host={quote(socket, safe='')}&port={PORT}"
