"""Writes down what came of attempts, and decides what follows.

Where the database is away that is tried again for as long as the claim holds: what a receiver has
taken is not sent once more because nobody could write that it was. A channel is locked before the
delivery, as elsewhere: whether it is on is known when it is decided what follows.
"""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from taskflow.base.clock import Clock, monotonic
from taskflow.base.errors import Unavailable
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.services.reminder import claims, deliveries, lifecycle, parcels
from taskflow.services.reminder.channels import storage as channels
from taskflow.services.reminder.claims import Claimed
from taskflow.services.reminder.deliveries import Outcome
from taskflow.services.reminder.figures import Figures
from taskflow.services.reminder.lifecycle import Course, Failure, Way
from taskflow.services.reminder.sending import GRACE_SECONDS, BrokenOff

LEASE_SECONDS: Final = 120.0
SLOW_SECONDS: Final = 3.0
AWAY_SECONDS: Final = 0.5
Came = Course | Failure | BrokenOff
"""What came of an attempt, or where the delivery stands after it."""


class Terms(NamedTuple):
    """How a courier works.

    Attributes:
        kinds: All kinds of channels that there are here, to fall back on.
        lease_seconds: How long a claim holds; longer than a sending may take.
        chance: At random from 0 to 1.
        slow_seconds: From how long on a receiver is one of those that take long.
        grace_seconds: How long receivers have to answer when it is stopped.
    """

    kinds: frozenset[str]
    lease_seconds: float = LEASE_SECONDS
    chance: Callable[[], float] = random.random
    slow_seconds: float = SLOW_SECONDS
    grace_seconds: float = GRACE_SECONDS


class Settling:
    """Settles what was claimed of one kind of channel.

    Args:
        kind: The kind.
        database: Where deliveries are.
        clock: The time.
        figures: Counts what came of it.
        terms: How a courier works.
    """

    def __init__(
        self, kind: str, database: Database, clock: Clock, figures: Figures, terms: Terms
    ) -> None:
        self._kind = kind
        self._database = database
        self._clock = clock
        self._figures = figures
        self._terms = terms

    async def settle(self, claimed: Claimed, outcome: Outcome | None, came: Came) -> None:
        """Write it down; where the database is away, again and again while the claim holds."""
        if outcome is not None:
            self._figures.attempted(self._kind, outcome.result)
        until = monotonic() + self._terms.lease_seconds
        while True:
            try:
                course = await self._write(claimed, outcome, came)
                break
            except Unavailable:
                if monotonic() > until:
                    raise
                await asyncio.sleep(AWAY_SECONDS)
        if course.state == "dead":
            self._figures.died(self._kind)
        elif isinstance(came, Failure) and course.way == claimed.course.way:
            self._figures.retried(self._kind)

    async def _write(self, claimed: Claimed, outcome: Outcome | None, came: Came) -> Course:
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            # The channel before the delivery, as does whoever has it sent once more or turns the
            # channel off: that is known when it is decided what follows.
            if outcome is not None and not outcome.is_ours:
                is_elsewhere = await _note(transaction, claimed, outcome)
                came = _at_its_new_address(came) if is_elsewhere else came
            if outcome is not None and outcome.latency is not None:
                is_slow = outcome.latency.total_seconds() >= self._terms.slow_seconds
                await claims.keep_pace(transaction, claimed.course.way.id, is_slow=is_slow)
            course = await self._following(transaction, claimed, came, now)
            await deliveries.settle(transaction, claimed, outcome, course, now)
        return course

    async def _following(
        self, transaction: Transaction, claimed: Claimed, came: Came, now: datetime
    ) -> Course:
        """Where it stands then: it may be tried again later, by the next channel, or never."""
        if isinstance(came, BrokenOff):
            sendings = await claims.sendings(transaction, claimed)
            again = lifecycle.broken_off(claimed.course, sendings, now)
            came = again or Failure("unknown", came.detail)
        if isinstance(came, Course):
            return came
        ways = await ways_of(transaction, claimed, self._terms.kinds)
        return lifecycle.failed(claimed.course, came, now, self._terms.chance(), ways)


async def ways_of(
    transaction: Transaction, claimed: Claimed, kinds: frozenset[str]
) -> tuple[Way, ...]:
    """By what it may go; where that cannot be read, by what it went."""
    reading = parcels.ways(transaction, claimed, kinds)
    ways = (await asyncio.gather(reading, return_exceptions=True))[0]
    if isinstance(ways, Unavailable):
        raise ways
    return (claimed.course.way,) if isinstance(ways, BaseException) else ways


async def _note(transaction: Transaction, claimed: Claimed, outcome: Outcome) -> bool:
    """Write down with the channel what came of it, which is off where its address is gone.

    Returns:
        Whether it was its former address that is gone: it leads elsewhere by now.
    """
    way = claimed.course.way
    is_delivered = outcome.result == "delivered"
    result = channels.Result(outcome.at, outcome.detail, is_delivered=is_delivered)
    await channels.note(transaction, way.id, result)
    if outcome.result != "gone" or outcome.address is None:
        return False
    if not await channels.turn_off(transaction, way.id, outcome.address, outcome.detail):
        return True
    await deliveries.free(transaction, claimed.user_id, way, outcome.at)
    return False


def _at_its_new_address(came: Came) -> Came:
    """It may go better there."""
    return came._replace(result="failed") if isinstance(came, Failure) else came
