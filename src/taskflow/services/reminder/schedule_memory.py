"""A schedule in the memory of one process: a horizon, which the table is read into as it moves.

Nothing asks in an interval whether something is due: it sleeps until the earliest time, and what is
planned for an earlier one wakes it. The table is read when nothing is due and the edge comes near.
"""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Self

from taskflow.base.clock import Clock
from taskflow.db.engine import Database
from taskflow.services.reminder.alarm import LOOK_SECONDS, Alarm
from taskflow.services.reminder.horizon import Horizon
from taskflow.services.reminder.ports import Claim, Times
from taskflow.services.reminder.upcoming import upcoming

Read = Callable[[datetime, int], AsyncIterator[Times]]
"""What is pending before an instant, the earliest first, so many at most; in pages."""


class MemorySchedule:
    """Knows what is due soon.

    Args:
        clock: The time.
        read: Reads the table; without it nothing is known but what is planned here.
        look_seconds: How long a jump of the clock may go unnoticed.
        horizon: How much it knows.
    """

    def __init__(
        self,
        clock: Clock,
        read: Read | None = None,
        *,
        look_seconds: float = LOOK_SECONDS,
        horizon: Horizon | None = None,
    ) -> None:
        self._clock = clock
        self._read = read
        self._alarm = Alarm(clock, look_seconds)
        self._horizon = horizon or Horizon()

    @classmethod
    def over(
        cls,
        database: Database,
        clock: Clock,
        *,
        look_seconds: float = LOOK_SECONDS,
        horizon: Horizon | None = None,
    ) -> Self:
        """The schedule of the reminders in a database."""

        async def read(before: datetime, limit: int) -> AsyncIterator[Times]:
            async with database.transaction(read_only=True) as transaction:
                async for page in upcoming(transaction, before, limit):
                    yield page

        return cls(clock, read, look_seconds=look_seconds, horizon=horizon)

    @property
    def next(self) -> datetime | None:
        """The earliest time that is known; None when nothing is."""
        return self._horizon.next

    def plan(self, times: Times) -> None:
        """These are pending."""
        before = self.next
        self._horizon.plan(times)
        if self.next != before:
            self._alarm.ring()

    def forget(self) -> None:
        """Begin afresh."""
        self._horizon.forget()

    async def claim(self, now: datetime, limit: int) -> Claim | None:
        """Take some of what is due; moves the horizon where nothing is."""
        claim = self._horizon.take(now, limit)
        if claim.ids or self._read is None or not self._horizon.is_short(now):
            return claim
        await self._move(self._read, now)
        return self._horizon.take(now, limit)

    async def settle(self, claim: Claim, pending: Times) -> None:
        """What is pending still is known again."""
        self._horizon.settle(claim, pending, self._clock.now())
        self._alarm.ring()

    async def wait(self, patience_seconds: float) -> None:
        """Return when the earliest time has come or the horizon is to move."""
        await self._alarm.wait(lambda: self._horizon.wake, patience_seconds)

    async def _move(self, read: Read, now: datetime) -> None:
        """Read what comes next into the horizon.

        Where there is more than a page, what is due with the last of it may be missing.
        """
        edge, found = self._horizon.open(now), 0
        async for page in read(edge, self._horizon.page):
            self._horizon.read(page)
            found += len(page)
            if found >= self._horizon.page:
                edge = max(page.values())
        self._horizon.close(edge)
