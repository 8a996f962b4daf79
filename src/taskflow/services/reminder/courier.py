"""Carries deliveries by one kind of channel: claims what is due, sends it, has the result settled.

Each kind has a courier of its own, so that one that is slow holds up no other, nor what fires. The
sending is in no transaction. Who is killed on the way leaves a claim that lapses, and somebody else
tries again with the same id: at least once. What was claimed and could not be read, because the
database went away, is given back when it is there again, and is no attempt. Whoever is stopped
breaks off what is not answered at once and says so, which is not held against the receiver.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

import structlog

from taskflow.base.clock import Clock, monotonic
from taskflow.base.errors import Unavailable
from taskflow.db.engine import Database
from taskflow.services.reminder import claims, lifecycle, parcels
from taskflow.services.reminder.channels.port import (
    Addressee,
    Channel,
    LeftAlone,
    Message,
    Receipt,
)
from taskflow.services.reminder.channels.words import in_a_line
from taskflow.services.reminder.claims import Claimed, Unbegun
from taskflow.services.reminder.deliveries import BELL, Outcome
from taskflow.services.reminder.figures import Figures
from taskflow.services.reminder.lifecycle import Failure
from taskflow.services.reminder.parcels import Parcel
from taskflow.services.reminder.retries import MOST_TIME
from taskflow.services.reminder.sending import BrokenOff, Sending
from taskflow.services.reminder.settling import AWAY_SECONDS, Settling, Terms, ways_of

AT_ONCE: Final = 8
LOOK_SECONDS: Final = 20.0
# How long what is being sent when we stop may take to be answered or broken off, and written down.
STOP_SECONDS: Final = 3.0
CONTENDED_SECONDS: Final = 0.05
TURNED_OFF: Final = Failure("refused", "the channel was turned off or taken away")

log = structlog.get_logger()


class Courier:
    """Carries what is due by one kind of channel.

    Args:
        channel: Sends it.
        database: Where deliveries are.
        clock: The time.
        figures: Counts what came of it.
        terms: How it works.
    """

    def __init__(
        self, channel: Channel, database: Database, clock: Clock, figures: Figures, terms: Terms
    ) -> None:
        self._channel = channel
        self._database = database
        self._clock = clock
        self._terms = terms
        self._settling = Settling(channel.kind, database, clock, figures, terms)
        self._bell = f"{BELL} {channel.kind}"
        self._sending = Sending(channel, terms.grace_seconds)
        self._carrying: dict[asyncio.Task[None], Claimed] = {}
        self._looking = asyncio.Lock()
        self._busy = 0
        self._mark = uuid4()
        self._unbegun: set[Unbegun] = set()

    async def run(self) -> None:
        """Carry until cancelled; what another process left behind, too."""
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    async with self._looking:
                        pause = await self._look(group)
                except Unavailable as error:
                    log.warning("deliveries.waiting", channel=self._channel.kind, why=error.detail)
                    pause = AWAY_SECONDS
                await self._database.hints.wait(self._bell, pause)

    async def stop(self) -> None:
        """Begin nothing more; what is not answered now is for whoever comes next to send again."""
        self._sending.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                # What is being claimed may be ours by now, and is then given back.
                async with self._looking:
                    carrying = set(self._carrying)
                if carrying:
                    await asyncio.wait(carrying)

    async def _look(self, group: asyncio.TaskGroup) -> float:
        """Begin with what is due, as far as there is room; returns how long to sleep then."""
        now, room = self._clock.now(), AT_ONCE - self._busy
        if room == 0 or self._sending.is_stopping:
            return LOOK_SECONDS
        until = now + timedelta(seconds=self._terms.lease_seconds)
        claimed, following = await self._claim(now, until, room)
        for one in claimed:
            self._busy += 1
            carrying = group.create_task(self._carry(one))
            self._carrying[carrying] = one
            carrying.add_done_callback(self._carrying.pop)
        if len(claimed) == room or following is None:
            return LOOK_SECONDS
        # What is due and was not to be had is another replica's just now.
        remaining = (following - self._clock.now()).total_seconds()
        return min(max(remaining, CONTENDED_SECONDS), LOOK_SECONDS)

    async def _claim(
        self, now: datetime, until: datetime, room: int
    ) -> tuple[list[Claimed], datetime | None]:
        """Claim for a while, what came to nothing before it was begun first of all.

        What is being sent here is not claimed again, however long this process has slept.
        """
        kind, unbegun = self._channel.kind, frozenset(self._unbegun)
        # Whether a commit held that failed nobody knows: the same mark finds what it may have left.
        self._unbegun.add(Unbegun(self._mark, None))
        async with self._database.transaction() as transaction:
            await claims.give_back(transaction, kind, unbegun, now)
            await claims.hold(transaction, self._carrying.values(), now, until)
            claimed = await claims.claim(transaction, kind, now, until, room, self._mark)
            following = await claims.next_time(transaction, kind, now)
        self._unbegun -= unbegun | {Unbegun(self._mark, None)}
        self._mark = uuid4()
        return claimed, following

    async def _carry(self, claimed: Claimed) -> None:
        """See one delivery to the end of this attempt; what fails unforeseen is its own affair."""
        try:
            error = await _error_of(self._try(claimed))
            if error is not None and not isinstance(error, Unavailable):
                log.error("delivery.broke_off", channel=self._channel.kind, exc_info=error)
                error = await _error_of(self._break_off(claimed, error))
            if error is not None:
                log.warning("delivery.waiting", channel=self._channel.kind, why=str(error))
        finally:
            self._busy -= 1
            self._database.hints.ring(self._bell)

    async def _try(self, claimed: Claimed) -> None:
        now = self._clock.now()
        try:
            async with self._database.transaction(read_only=True) as transaction:
                parcel = await parcels.read(transaction, claimed, now)
        except Unavailable:
            self._unbegun.add(Unbegun(claimed.mark, claimed.id))
            raise
        await self._deliver(claimed, parcel)

    async def _break_off(self, claimed: Claimed, error: BaseException) -> None:
        """It may have been sent, so it is not tried for a day."""
        way, detail = claimed.course.way, f"it failed unforeseen: {type(error).__name__}"
        outcome = Outcome(way.kind, self._clock.now(), "unknown", detail, None)
        await self._settling.settle(claimed, outcome, Failure("unknown", detail))

    async def _deliver(self, claimed: Claimed, parcel: Parcel) -> None:
        course = claimed.course
        if parcel.message is None:
            await self._settling.settle(claimed, None, lifecycle.stopped(course, parcel.needless))
        elif parcel.addressee is None:
            await self._settling.settle(claimed, None, TURNED_OFF)
        elif course.is_spent(self._clock.now()):
            # Whoever tried it last did not live to say what came of it.
            failure = Failure("unknown", claims.ABANDONED_DETAIL)
            await self._settling.settle(claimed, None, failure)
        elif self._sending.is_stopping:
            await self._rest(claimed, self._clock.now())
        else:
            await self._attempt(claimed, parcel.addressee, parcel.message)

    async def _attempt(self, claimed: Claimed, addressee: Addressee, message: Message) -> None:
        now, began_at = self._clock.now(), monotonic()
        # A rest is no attempt, but does not keep other channels from their turn for ever.
        may_rest = now - (claimed.course.began_at or now) <= MOST_TIME
        answer = await self._sending.send(addressee, message, may_rest=may_rest)
        latency = timedelta(seconds=monotonic() - began_at)
        if isinstance(answer, LeftAlone):
            await self._rest(claimed, now + answer.rest)
        elif isinstance(answer, BrokenOff):
            outcome = Outcome(addressee.name, now, "unknown", answer.detail, None, is_ours=True)
            await self._settling.settle(claimed, outcome, answer)
        elif isinstance(answer, Receipt):
            outcome = Outcome(addressee.name, now, "delivered", in_a_line(answer.detail), latency)
            await self._settling.settle(claimed, outcome, lifecycle.delivered(claimed.course))
        else:
            detail = in_a_line(answer.detail)
            outcome = Outcome(addressee.name, now, answer.result, detail, latency)
            outcome = outcome._replace(address=addressee.address)
            await self._settling.settle(claimed, outcome, answer)

    async def _rest(self, claimed: Claimed, until: datetime) -> None:
        """Nothing was sent: let it wait as if it had not been claimed."""
        unbegun = Unbegun(claimed.mark, claimed.id)
        try:
            async with self._database.transaction() as transaction:
                if claimed.course.way not in await ways_of(transaction, claimed, self._terms.kinds):
                    until = self._clock.now()
                await claims.give_back(transaction, self._channel.kind, {unbegun}, until)
        except Unavailable:
            self._unbegun.add(unbegun)
            raise


async def _error_of(acting: Awaitable[None]) -> BaseException | None:
    return (await asyncio.gather(acting, return_exceptions=True))[0]
