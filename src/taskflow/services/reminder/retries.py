"""How often a channel is tried, and how long it is left alone in between. Pure.

A reminder is worth little when it is late: a channel has a quarter of an hour, then the next one
is asked. Where none could be reached, it may be our own network that is away: they are asked again,
at ever longer pauses, for a day.
"""

from datetime import timedelta
from typing import Final

MOST_ATTEMPTS: Final = 5
MOST_TIME: Final = timedelta(minutes=15)
FIRST_PAUSE: Final = timedelta(seconds=5)
FACTOR: Final = 3
# By how much a pause may be longer or shorter, so that those who failed together do not come again
# together.
JITTER: Final = 0.2
# Where no channel could be reached.
LONGEST_PAUSE: Final = timedelta(minutes=15)
LONGEST_WISH: Final = timedelta(hours=1)
MOST_PATIENCE: Final = timedelta(hours=24)


def pause(
    attempt: int, spent: timedelta, chance: float, wish: timedelta | None = None
) -> timedelta | None:
    """How long to leave a channel alone after an attempt that failed; None to give it up.

    Args:
        attempt: How many there were.
        spent: How long ago the first began.
        chance: At random from 0 to 1.
        wish: How long the receiver asked to be left alone, if it did; never less than that.
    """
    if attempt >= MOST_ATTEMPTS:
        return None
    found = max(_scattered(FIRST_PAUSE * FACTOR ** (attempt - 1), chance), wish or timedelta(0))
    return found if spent + found <= MOST_TIME else None


def patient_pause(
    attempt: int, spent: timedelta, chance: float, wish: timedelta | None = None
) -> timedelta | None:
    """How long to wait where no channel could be reached; None to give the delivery up.

    Args:
        attempt: How many there were.
        spent: How long ago the delivery began.
        chance: At random from 0 to 1.
        wish: How long the receiver asked to be left alone; heeded up to `LONGEST_WISH`.
    """
    exact = min(FIRST_PAUSE * FACTOR ** min(attempt - 1, MOST_ATTEMPTS), LONGEST_PAUSE)
    found = max(_scattered(exact, chance), min(wish or timedelta(0), LONGEST_WISH))
    return found if spent + found <= MOST_PATIENCE else None


def _scattered(exact: timedelta, chance: float) -> timedelta:
    return exact * (1 + JITTER * (2 * chance - 1))
