"""The driver's transactions and savepoints, with an end to undoing them."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import asyncpg

if TYPE_CHECKING:
    from asyncpg import Connection, Record

UNDO_SECONDS: Final = 1.0


class Undoable:
    """Commits when its block ends and undoes it when it raises.

    The driver waits for ever for a server that has stopped answering. Here its connection is given
    up after a moment, which undoes everything too.

    Args:
        connection: Where it is opened; within another one, as a savepoint.
        read_only: Whether it may write nothing.
    """

    def __init__(self, connection: "Connection[Record]", *, read_only: bool = False) -> None:
        self._connection = connection
        self._inner: Any = connection.transaction(readonly=read_only)

    async def __aenter__(self) -> None:
        """Begin."""
        await self._inner.start()

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Commit, or undo."""
        if error is None:
            await self._inner.commit()
            return
        try:
            async with asyncio.timeout(UNDO_SECONDS):
                await self._inner.rollback()
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            with suppress(asyncpg.InterfaceError):
                self._connection.terminate()
