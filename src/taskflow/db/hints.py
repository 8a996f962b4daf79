"""Hints: after a commit, wake whoever waits for it in this process.

A hint carries nothing and may be lost; the table is the truth, so every waiter also looks by itself
now and then.
"""

import asyncio
from collections import defaultdict


class Hints:
    """Named bells; ringing one that nobody waits for is remembered until somebody does."""

    def __init__(self) -> None:
        self._bells: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def ring(self, name: str) -> None:
        """Wake the waiter of this name."""
        self._bells[name].set()

    async def wait(self, name: str, timeout_seconds: float) -> bool:
        """Wait for a ring and forget it; False when none came in time."""
        bell = self._bells[name]
        try:
            async with asyncio.timeout(timeout_seconds):
                await bell.wait()
        except TimeoutError:
            return False
        bell.clear()
        return True
