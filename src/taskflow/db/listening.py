"""Hears at once what commits of any process tell (LISTEN), on a connection of its own.

What is told while nobody listens is lost, so whoever listens reads the table first. A connection
that has died without a word is found out by asking it now and then.
"""

import asyncio
from typing import TYPE_CHECKING, Final, Self

from taskflow.base.errors import Unavailable

if TYPE_CHECKING:
    from asyncpg import Connection, Record

ASK_SECONDS: Final = 30.0
ANSWER_SECONDS: Final = 10.0
# Beyond so many, what is told is as good as lost.
MOST: Final = 10_000


class Ear:
    """What is told on a channel, each thing once until it is taken.

    Args:
        connection: Nobody else's.
        channel: Which.
    """

    def __init__(self, connection: "Connection[Record]", channel: str) -> None:
        self._connection = connection
        self._channel = channel
        self._told: set[str] = set()
        self._changed = asyncio.Event()

    async def listen(self) -> Self:
        """Begin; all that is committed from here on is heard."""
        self._connection.add_termination_listener(self._ended)
        await self._connection.add_listener(self._channel, self._hear)
        return self

    async def heard(self) -> set[str]:
        """What was told since this was asked last; waits until there is something.

        Raises:
            Unavailable: something may have been told and not heard.
        """
        while not self._told:
            self._changed.clear()
            self._check()
            try:
                async with asyncio.timeout(ASK_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                await self._connection.execute("SELECT 1", timeout=ANSWER_SECONDS)
        self._check()
        told, self._told = self._told, set()
        return told

    def _check(self) -> None:
        if self._connection.is_closed() or len(self._told) > MOST:
            raise Unavailable("what was told to the database's listeners was not heard")

    def _hear(self, _connection: object, _process: int, _channel: str, told: object) -> None:
        if len(self._told) <= MOST:
            self._told.add(str(told))
        self._changed.set()

    def _ended(self, _connection: object) -> None:
        self._changed.set()
