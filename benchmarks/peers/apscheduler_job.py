"""The job of APScheduler: its store keeps the name of the function, and imports it from here."""

import asyncio
import time
from typing import Final

from benchmarks.due import Noted

NOTED: Final[Noted] = []
FIRED: Final = asyncio.Event()


def remind(number: int, at: float) -> None:
    """Note how late it is."""
    NOTED.append((number, time.time() - at))
    FIRED.set()
