"""Connections to PostgreSQL, a pool for each service under that service's own role.

The pool connects when it is first used, so a service starts and is live while the database is away.
Every wait has an end: for a connection, a lock, a statement. What fails because the database is
away, full or overloaded becomes `Unavailable`; a statement that took too long, `TimedOut`.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import asyncpg

from taskflow.base.errors import TimedOut, Unavailable
from taskflow.base.spans import Kind, below
from taskflow.db.hints import Hints
from taskflow.db.listening import ANSWER_SECONDS, Ear
from taskflow.db.reasons import reason_of
from taskflow.db.transaction import Transaction
from taskflow.db.undoing import UNDO_SECONDS, Undoable

if TYPE_CHECKING:
    from asyncpg import Connection, Pool, Record

SPAN: Final = ("transaction", Kind.CLIENT)
_POSTGRESQL: Final = {"db.system.name": "postgresql"}
ACQUIRE_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 60.0
# PostgreSQL cuts what is longer, and tells so.
MOST_NAME: Final = 63
_SESSION: Final = {
    "statement_timeout": "30s",
    # Shorter than a sidecar waits for an answer: who waits for a lock has not failed.
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
}
# SQLSTATE classes and codes: connection, authorization (a password that is being changed), no such
# database, resources, operator intervention, system error, and what concurrency undoes
# (serialization, deadlock, lock timeout, read-only standby).
_AWAY: Final = ("08", "28", "3D", "53", "57", "58", "40001", "40P01", "55P03", "25006")


class Connections(NamedTuple):
    """How a pool is used.

    Attributes:
        used: Connections that a transaction has.
        idle: Connections that are open and wait for one.
        limit: How many may be opened.
        waiting: Transactions that wait for a connection.
    """

    used: int
    idle: int
    limit: int
    waiting: int


class Database:
    """A pool of connections under one role.

    Args:
        dsn: A `postgresql://` address.
        role: The role that every connection takes; None keeps the login's own.
        hints: The bells that commits may ring.
        max_connections: How many connections are opened at most.
    """

    def __init__(
        self, dsn: str, role: str | None, hints: Hints, *, max_connections: int = 8
    ) -> None:
        self.hints = hints
        self.role = role
        self._dsn = dsn
        self._max_connections = max_connections
        self._pool: Pool[Record] | None = None
        self._queue = _Queue()

    def _session(self, purpose: str) -> dict[str, str]:
        """What a connection begins with; `pg_stat_activity` tells its purpose and its process."""
        role = {"role": self.role} if self.role else {}
        name = f"{self.role or 'taskflow'} {purpose} {os.getpid()}@{socket.gethostname()}"
        return _SESSION | role | {"application_name": name[:MOST_NAME]}

    @property
    def connections(self) -> Connections:
        """How the pool is used right now."""
        size = self._pool.get_size() if self._pool else 0
        idle = self._pool.get_idle_size() if self._pool else 0
        return Connections(size - idle, idle, self._max_connections, self._queue.waiting)

    async def open(self) -> None:
        """Make the pool; connects to nothing yet."""
        self._pool = await asyncpg.create_pool(
            self._dsn,
            min_size=0,
            max_size=self._max_connections,
            max_inactive_connection_lifetime=IDLE_SECONDS,
            timeout=ACQUIRE_SECONDS,
            command_timeout=ACQUIRE_SECONDS * 4,
            reset=_as_it_is,
            server_settings=self._session("working"),
        )

    async def close(self, patience_seconds: float = 1.0) -> None:
        """Wait for what runs, bounded, then close every connection."""
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        try:
            async with asyncio.timeout(patience_seconds):
                await pool.close()
        except TimeoutError:
            pool.terminate()

    @asynccontextmanager
    async def transaction(self, *, read_only: bool = False) -> AsyncIterator[Transaction]:
        """A transaction that commits when the block ends and rolls back when it raises.

        Raises:
            TimedOut: a statement took longer than it may.
            Unavailable: the database is away; after a failed commit nobody knows whether it held,
                so the caller must be able to do it again.
        """
        if self._pool is None:
            raise Unavailable("the database pool is closed")
        async with _Translate():
            with nullcontext() if read_only else below(*SPAN, attributes=_POSTGRESQL):
                async with _Lease(self._pool, self._queue) as connection:
                    transaction = Transaction(connection, self.hints)
                    async with Undoable(connection, read_only=read_only):
                        yield transaction
            transaction.committed()

    @asynccontextmanager
    async def listening(self, channel: str) -> AsyncIterator[Ear]:
        """Hears what commits tell on a channel, on a connection beside the pool.

        Raises:
            Unavailable: the database is away, or has gone away, and something may be lost.
        """
        async with _Translate():
            connection = await asyncpg.connect(
                self._dsn,
                timeout=ACQUIRE_SECONDS,
                command_timeout=ANSWER_SECONDS,
                server_settings=self._session("listening"),
            )
            try:
                yield await Ear(connection, channel).listen()
            finally:
                with suppress(TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    await connection.close(timeout=UNDO_SECONDS)

    async def ping(self) -> None:
        """Ask the database for an answer.

        Raises:
            Unavailable: there was none.
        """
        async with self.transaction(read_only=True) as transaction:
            await transaction.value("SELECT 1")


async def _as_it_is(_connection: object) -> None:
    """Give a connection back without asking the database to reset it, once a transaction.

    We leave nothing that would need it: locks and cursors end with their transaction, which the
    driver has rolled back where it is still open; nobody listens or changes a session's settings.
    """


class _Queue:
    """Counts who waits for a connection."""

    def __init__(self) -> None:
        self.waiting = 0

    def __enter__(self) -> None:
        self.waiting += 1

    def __exit__(self, _kind: object, _error: object, _trace: object) -> None:
        self.waiting -= 1


class _Lease:
    """A connection of the pool.

    One that cannot be given back is closed; that is no news, and least of all may it take the place
    of a cancellation, or whoever was cancelled would go on.
    """

    def __init__(self, pool: "Pool[Record]", queue: _Queue) -> None:
        self._pool = pool
        self._queue = queue
        self._connection: Any = None

    async def __aenter__(self) -> "Connection[Record]":
        with self._queue:
            self._connection = await self._pool.acquire(timeout=ACQUIRE_SECONDS)
        connection: Connection[Record] = self._connection
        return connection

    async def __aexit__(self, _kind: object, _error: object, _trace: object) -> None:
        with suppress(TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await self._pool.release(self._connection, timeout=UNDO_SECONDS)


class _Translate:
    """Turns what the driver raises when the database is away into `Unavailable`.

    Of other errors it takes the detail away: that shows whole rows, and every error may be logged.
    """

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None and is_away(error):
            if isinstance(error, asyncpg.QueryCanceledError):
                raise TimedOut(f"the database took too long: {reason_of(error)}") from error
            raise Unavailable(f"the database is not available: {reason_of(error)}") from error
        if isinstance(error, asyncpg.PostgresError):
            error.detail = None


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database cannot be reached or cannot serve right now."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "").startswith(_AWAY)
    return isinstance(
        error, OSError | TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError
    )
