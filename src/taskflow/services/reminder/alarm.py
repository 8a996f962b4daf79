"""Sleeps until an instant of the wall clock, which may change meanwhile, and the clock too."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from taskflow.base.clock import Clock, monotonic
from taskflow.services.reminder.ports import Times

# The wall clock may jump, and a laptop may sleep, while we wait: the clock is looked at again after
# so long. Nothing is read from the table then, and no reminder waits for it while the clock runs.
LOOK_SECONDS: Final = 1.0


class Alarm:
    """Wakes whoever waits.

    Args:
        clock: The time.
        look_seconds: How long a jump of the clock may go unnoticed.
    """

    def __init__(self, clock: Clock, look_seconds: float = LOOK_SECONDS) -> None:
        self._clock = clock
        self._look_seconds = look_seconds
        self._changed = asyncio.Event()

    def ring(self) -> None:
        """The instant may have changed."""
        self._changed.set()

    async def wait(self, instant: Callable[[], datetime | None], patience_seconds: float) -> None:
        """Return when the instant has come, or after so many seconds.

        Args:
            instant: Asked again whenever it rings; None where there is none.
            patience_seconds: For how long at most.
        """
        until = monotonic() + patience_seconds
        while (patience := until - monotonic()) > 0:
            self._changed.clear()
            if (at := instant()) is not None:
                remaining = (at - self._clock.now()).total_seconds()
                if remaining <= 0:
                    return
                patience = min(patience, remaining, self._look_seconds)
            try:
                async with asyncio.timeout(patience):
                    await self._changed.wait()
            except TimeoutError:
                continue


class Earliest:
    """The earliest time that somebody waits for.

    Args:
        clock: The time.

    Attributes:
        next: It; None when nothing is pending.
    """

    def __init__(self, clock: Clock) -> None:
        self.next: datetime | None = None
        self._alarm = Alarm(clock)

    def plan(self, times: Times) -> None:
        """These are pending."""
        if times:
            self.hasten(min(times.values()))

    def hasten(self, at: datetime) -> None:
        """Something is pending at this time."""
        if self.next is None or at < self.next:
            self.next = at
            self._alarm.ring()

    def forget(self) -> None:
        """Begin afresh."""
        self.next = None

    async def wait(self, patience_seconds: float) -> None:
        """Return when the time has come, or after so many seconds."""
        await self._alarm.wait(lambda: self.next, patience_seconds)
