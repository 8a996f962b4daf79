"""Keeps background loops running: what fails unforeseen is logged, counted and started again."""

import asyncio
from typing import Final

import structlog
from prometheus_client import Counter

from taskflow.base.clock import monotonic
from taskflow.chassis.service import Loop

FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 30.0

log = structlog.get_logger()


async def keep_running(
    name: str, loop: Loop, failures: Counter, pause_seconds: float = FIRST_PAUSE_SECONDS
) -> None:
    """Run a loop until cancelled; after each failure in a row the pause is twice as long.

    Args:
        name: What it is called in logs and figures.
        loop: What never ends by itself.
        failures: Counts them, by the name.
        pause_seconds: The first pause.
    """
    pause = pause_seconds
    while True:
        began_at = monotonic()
        failure = (await asyncio.gather(loop(), return_exceptions=True))[0]
        if monotonic() - began_at > LONGEST_PAUSE_SECONDS:
            pause = pause_seconds
        log.error("loop.failed", loop=name, again_in_seconds=pause, exc_info=failure)
        failures.labels(name).inc()
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
