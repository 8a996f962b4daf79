"""The next reminder's time, and waking up exactly then."""

import asyncio
from datetime import datetime
from typing import Final

from taskflow.base.clock import Clock

# The wall clock may jump while we sleep: it is looked at again after so long. Nothing is read then.
LONGEST_SLEEP: Final = 30.0


class Alarm:
    """Knows the earliest time that somebody waits for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next: datetime | None = None
        self._changed = asyncio.Event()

    def set(self, at: datetime | None) -> None:
        """The earliest time as the table has it; None when nothing is pending."""
        self._next = at

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
                timeout = min(remaining, LONGEST_SLEEP)
            try:
                async with asyncio.timeout(timeout):
                    await self._changed.wait()
            except TimeoutError:
                continue
