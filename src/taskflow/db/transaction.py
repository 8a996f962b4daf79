"""A transaction: the only place that commits.

What is asked for with `after_commit` happens once the commit has succeeded, else not at all.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from taskflow.db.undoing import Undoable

if TYPE_CHECKING:
    from asyncpg import Connection, Record

    from taskflow.db.hints import Hints

TELL: Final = "SELECT pg_notify($1, told) FROM unnest($2::text[]) AS told"


class Transaction:
    """An open transaction on one connection; parameters are bound as `$1, $2, …`."""

    def __init__(self, connection: "Connection[Record]", hints: "Hints") -> None:
        self._connection = connection
        self._hints = hints
        self._callbacks: list[Callable[[], None]] = []
        self._bells: set[str] = set()

    async def execute(self, statement: str, *parameters: object) -> int:
        """Run a statement; returns how many rows it touched."""
        tag: str = await self._connection.execute(statement, *parameters)
        last = tag.rpartition(" ")[2]
        return int(last) if last.isdigit() else 0

    async def rows(self, statement: str, *parameters: object) -> "list[Record]":
        """All rows of a query."""
        found: list[Record] = await self._connection.fetch(statement, *parameters)
        return found

    async def copy(
        self, table: str, columns: Sequence[str], rows: Sequence[tuple[object, ...]]
    ) -> None:
        """Write many rows, which takes less than an INSERT of them.

        Args:
            table: Its name, with that of its schema before a dot.
            columns: What the values of a row are.
            rows: What is written, in this order.
        """
        schema, _, name = table.partition(".")
        await self._connection.copy_records_to_table(
            name, schema_name=schema, columns=columns, records=rows
        )

    async def row(self, statement: str, *parameters: object) -> "Record | None":
        """The first row of a query."""
        return await self._connection.fetchrow(statement, *parameters)

    async def value(self, statement: str, *parameters: object) -> Any:
        """The first column of the first row of a query."""
        return await self._connection.fetchval(statement, *parameters)

    async def stream(
        self, statement: str, *parameters: object, prefetch: int = 500
    ) -> AsyncIterator["Record"]:
        """The rows of a query as they come, so that memory stays bounded."""
        async for record in self._connection.cursor(statement, *parameters, prefetch=prefetch):
            yield record

    async def pages(
        self, statement: str, *parameters: object, size: int
    ) -> "AsyncIterator[Sequence[Record]]":
        """The rows of a query by so many at a time, where each by itself would cost too much."""
        cursor = await self._connection.cursor(statement, *parameters)
        while rows := await cursor.fetch(size):
            yield rows

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What fails inside is undone alone."""
        callbacks, bells = len(self._callbacks), set(self._bells)
        try:
            async with Undoable(self._connection):
                yield
        except BaseException:
            del self._callbacks[callbacks:]
            self._bells = bells
            raise

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call this once the commit has succeeded."""
        self._callbacks.append(callback)

    def ring(self, bell: str) -> None:
        """Ring a hint once the commit has succeeded."""
        self._bells.add(bell)

    async def tell(self, channel: str, *told: str) -> None:
        """Tell whoever listens on a channel, in whatever process, once the commit has succeeded."""
        await self._connection.execute(TELL, channel, told)

    def committed(self) -> None:
        """Tell everybody who asked; called by the database alone."""
        for bell in self._bells:
            self._hints.ring(bell)
        for callback in self._callbacks:
            callback()
