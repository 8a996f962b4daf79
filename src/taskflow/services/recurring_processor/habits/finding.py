"""Looks for habits in histories that have changed, beside everything else.

Nobody waits for it: it reads in one transaction, thinks in a thread, and writes in another one. Any
number of processes may do so: each history is claimed, and one that a dead process had claimed is
taken over.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog

from taskflow.base.clock import Clock
from taskflow.base.errors import Unavailable
from taskflow.db.engine import Database
from taskflow.inbox import erased
from taskflow.services.recurring_processor.habits import storage, suggestions_storage
from taskflow.services.recurring_processor.habits.storage import Look
from taskflow.services.recurring_processor.pattern_detector import Habit, detect

AWAY_SECONDS: Final = 5.0
# Another process may have died over a history that nobody tells this one of.
LOOK_SECONDS: Final = 60.0
# Changes come together, and after the first of them there is time until the history is due.
REST_SECONDS: Final = storage.SOON.total_seconds()

log = structlog.get_logger()


class Finding:
    """The loop that finds habits.

    Args:
        database: Where histories and suggestions are.
        clock: The time.
        consumer: The name under which the service forgets people.
    """

    def __init__(self, database: Database, clock: Clock, consumer: str) -> None:
        self._database = database
        self._clock = clock
        self._consumer = consumer

    async def run(self) -> None:
        """Look at what has changed, until cancelled."""
        while True:
            try:
                while await self.look():
                    pass
                rest = await self._rest_seconds()
            except Unavailable as error:
                log.warning("habits.waiting", reason=error.detail)
                rest = AWAY_SECONDS
            if await self._database.hints.wait(storage.BELL, rest):
                await asyncio.sleep(REST_SECONDS)

    async def look(self) -> bool:
        """Look at one history that is due; False when there is none.

        Raises:
            Unavailable: the database is away.
        """
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            look = await storage.claim(transaction, now)
        if look is None:
            return False
        await self._conclude(look, await self._habits(look, now), now)
        return True

    async def _habits(self, look: Look, now: datetime) -> list[Habit]:
        async with self._database.transaction(read_only=True) as transaction:
            tasks = await storage.history(transaction, look.user_id, now)
            known = await storage.recurring(transaction, look.user_id)
            known |= await suggestions_storage.decided(transaction, look.user_id)
        habits = await asyncio.to_thread(detect, tasks, now, known=known)
        log.debug("habits.looked", tasks=len(tasks), habits=len(habits))
        return habits

    async def _conclude(self, look: Look, habits: Sequence[Habit], now: datetime) -> None:
        """Suggest what was found, unless the person has gone meanwhile; until the end they stay."""
        async with self._database.transaction() as transaction:
            if await erased.standing(transaction, self._consumer, {look.user_id}):
                await suggestions_storage.suggest(transaction, look.user_id, habits)
                await storage.prune(transaction, look.user_id, now)
                await storage.end(transaction, look, self._clock.now())

    async def _rest_seconds(self) -> float:
        async with self._database.transaction(read_only=True) as transaction:
            following = await storage.next_look(transaction)
        if following is None:
            return LOOK_SECONDS
        return min(max((following - self._clock.now()).total_seconds(), 0.0), LOOK_SECONDS)
