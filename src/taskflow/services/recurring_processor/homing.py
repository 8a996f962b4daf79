"""Finds series that float and pile up and whose owners have moved, and has them looked at at once.

A task that floats goes with its owner by a command, which tells of it. A series of which no task is
open has nothing that tells of it, so the zones are compared now and then, so many at a time.
"""

import asyncio
from typing import Final
from uuid import UUID

import structlog

from taskflow.accounts.queries import preferences_of_all
from taskflow.base.clock import Clock
from taskflow.base.errors import Unavailable
from taskflow.db.engine import Database
from taskflow.services.recurring_processor import due_storage, storage

AT_ONCE: Final = 1_000
LOOK_SECONDS: Final = 20.0

log = structlog.get_logger()


class Homing:
    """The loop that compares zones.

    Args:
        database: Where series and accounts are.
        clock: The time.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._after = UUID(int=0)

    async def run(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            try:
                await self.look()
            except Unavailable as error:
                log.warning("recurring.waiting", reason=error.detail)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Make those due, of the next so many, whose owner is elsewhere; what is due goes along.

        Raises:
            Unavailable: the database is away.
        """
        async with self._database.transaction() as transaction:
            found = await due_storage.floating(transaction, self._after, AT_ONCE)
            owners = await preferences_of_all(transaction, {one.user_id for one in found})
            strayed = [one.id for one in found if owners[one.user_id].timezone != one.timezone]
            if strayed:
                await due_storage.advance(transaction, strayed, self._clock.now())
                transaction.ring(storage.BELL)
        self._after = found[-1].id if len(found) == AT_ONCE else UUID(int=0)
