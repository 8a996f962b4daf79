"""The next reminder's time, and waking up exactly then."""

import asyncio
from datetime import datetime
from typing import Final

from taskflow.base.clock import Clock

# The wall clock may jump, and a laptop may sleep, while we wait: the clock is looked at again after
# so long. Nothing is read from the table then.
LOOK_SECONDS: Final = 1.0


class Alarm:
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

    def forget(self) -> None:
        """Begin afresh; called before the table is read, so that no later `hasten` is lost."""
        self._next = None

    def hasten(self, at: datetime) -> None:
        """Something is pending at this time too."""
        if self._next is None or at < self._next:
            self._next = at
            self._changed.set()

    async def wait(self) -> None:
        """Return when the earliest time has come."""
        while True:
            self._changed.clear()
            timeout: float | None = None
            if self._next is not None:
                remaining = (self._next - self._clock.now()).total_seconds()
                if remaining <= 0:
                    return
                timeout = min(remaining, self._look_seconds)
            try:
                async with asyncio.timeout(timeout):
                    await self._changed.wait()
            except TimeoutError:
                continue
