"""A schedule in the memory of one process: the earliest time alone."""

import asyncio
from datetime import datetime
from typing import Final

from taskflow.base.clock import Clock, monotonic
from taskflow.services.reminder.ports import Claim, Times

# The wall clock may jump, and a laptop may sleep, while we wait: the clock is looked at again after
# so long. Nothing is read from the table then.
LOOK_SECONDS: Final = 1.0


class MemorySchedule:
    """Knows the earliest time that somebody waits for.

    Args:
        clock: The time.
        look_seconds: How long a jump of the clock may go unnoticed.
    """

    def __init__(self, clock: Clock, look_seconds: float = LOOK_SECONDS) -> None:
        self._clock = clock
        self._look_seconds = look_seconds
        self._next: datetime | None = None
        self._changed = asyncio.Event()

    @property
    def next(self) -> datetime | None:
        """The earliest time that is known; None when nothing is pending."""
        return self._next

    def plan(self, times: Times) -> None:
        """These are pending."""
        if times:
            self.hasten(min(times.values()))

    def hasten(self, at: datetime) -> None:
        """Something is pending at this time."""
        if self._next is None or at < self._next:
            self._next = at
            self._changed.set()

    def forget(self) -> None:
        """Begin afresh."""
        self._next = None

    async def claim(self, _now: datetime, _limit: int) -> Claim | None:
        """Only the table can tell what is due."""
        return None

    async def settle(self, _claim: Claim, pending: Times) -> None:
        """What is pending still is known again."""
        self.plan(pending)

    async def wait(self, patience_seconds: float) -> None:
        """Return when the earliest time has come, or after so many seconds."""
        until = monotonic() + patience_seconds
        while (patience := until - monotonic()) > 0:
            self._changed.clear()
            if self._next is not None:
                remaining = (self._next - self._clock.now()).total_seconds()
                if remaining <= 0:
                    return
                patience = min(patience, remaining, self._look_seconds)
            try:
                async with asyncio.timeout(patience):
                    await self._changed.wait()
            except TimeoutError:
                continue
