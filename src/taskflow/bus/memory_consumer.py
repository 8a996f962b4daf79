"""One consumer of the in-process bus: its lanes, what is parked, and the loop that empties them.

Whatever a call does - raise, hang, answer with nonsense - only its own messages are tried again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog

from taskflow.base.clock import monotonic
from taskflow.base.errors import Unavailable
from taskflow.bus.lanes import Lanes, by_key
from taskflow.bus.message import Message
from taskflow.bus.ports import Outcome, Subscription, Verdict
from taskflow.bus.positions import Positions

log = structlog.get_logger()
T = TypeVar("T")

Reload = Callable[[Sequence[int]], Awaitable[list[Message]]]
"""Reads messages again by their positions, in that order; those that are gone are left out."""


@dataclass(frozen=True)
class Limits:
    """How much the bus holds and how long it tries.

    Attributes:
        lane_messages: Messages that one consumer holds in memory.
        runs: Runs of positions that are parked, over all consumers; a backlog without holes is one.
        retry_delays: Seconds before each retry; after the last one a message is set aside.
        away_seconds: The longest wait between attempts while a consumer cannot work.
        call_seconds: The longest that a call may take; longer than a statement or a lock may.
    """

    lane_messages: int = 1_000
    runs: int = 200_000
    retry_delays: tuple[float, ...] = (0.1, 0.3, 1.0, 3.0, 5.0, 5.0, 5.0)
    away_seconds: float = 2.0
    call_seconds: float = 60.0


class MemoryConsumer:
    """Delivers to one subscription.

    Args:
        subscription: Who takes messages, and how.
        limits: How much is held and how long it is tried.
        reload: Reads parked messages again.
        settle: Told of every position that this consumer is done with.
    """

    def __init__(
        self,
        subscription: Subscription,
        limits: Limits,
        reload: Reload,
        settle: Callable[[int], None],
    ) -> None:
        self.name = subscription.consumer
        self._subscription = subscription
        self._limits = limits
        self._reload = reload
        self._settle = settle
        self._lanes = Lanes(limits.lane_messages)
        self._held: set[int] = set()
        self._parked = Positions()
        self._moving: frozenset[int] = frozenset()
        self._oldest_wait = 0.0
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._stopping = False
        self._running = 0

    @property
    def backlog(self) -> int:
        """Messages in the lanes and parked."""
        return len(self._lanes) + len(self._parked) + len(self._moving)

    @property
    def runs(self) -> int:
        """Runs of neighbours among the positions that are parked."""
        return self._parked.runs

    def needs(self, position: int) -> bool:
        """Whether it is not done with a position that it was offered."""
        return position in self._held or position in self._parked or position in self._moving

    def reads(self, topic: str) -> bool:
        """Whether it subscribes to the topic."""
        return topic in self._subscription.topics

    def offer(self, message: Message) -> None:
        """Take a message, or only its position while there is no room or older ones are parked."""
        if not self.reads(message.topic):
            # A run goes on over what is nothing to us: that is found out when it is read again.
            if self._parked.follows(message.position):
                self._parked.add(message.position)
        elif self._parked or self._moving or not self._lanes.room:
            self._parked.add(message.position)
        else:
            if not self._lanes.takeable:
                self._oldest_wait = monotonic()
            self._hold(message)
            self._work.set()

    def _hold(self, message: Message) -> None:
        self._held.add(message.position)
        self._lanes.add(message)

    async def run(self) -> None:
        """Work until stopped; calls that run then may end."""
        async with asyncio.TaskGroup() as group:
            refill = group.create_task(self._refill())
            while batch := await self._next_batch():
                self._running += 1
                group.create_task(self._deliver(batch))
            refill.cancel()

    def stop(self) -> None:
        """Start no further call."""
        self._stopping = True
        self._work.set()

    async def _next_batch(self) -> list[Message]:
        """The next messages to handle; empty when it is time to stop."""
        while not self._stopping:
            next_wake = self._lanes.wake(monotonic())
            linger = self._linger()
            is_free = self._running < self._subscription.concurrency
            if is_free and self._lanes.takeable and linger <= 0:
                self._oldest_wait = monotonic()
                return self._lanes.take(self._subscription.batch_size)
            self._work.clear()
            await self._sleep(next_wake, linger if is_free and self._lanes.takeable else None)
        return []

    def _linger(self) -> float:
        """Seconds that a batch still waits for company."""
        if self._lanes.takeable >= self._subscription.batch_size:
            return 0.0
        return self._oldest_wait + self._subscription.linger_seconds - monotonic()

    async def _sleep(self, next_wake: float | None, linger: float | None) -> None:
        """Until there is work, a lane has rested, or the batch has waited long enough."""
        waits = [] if next_wake is None else [next_wake - monotonic()]
        if linger is not None:
            waits.append(linger)
        try:
            async with asyncio.timeout(max(min(waits), 0.001) if waits else None):
                await self._work.wait()
        except TimeoutError:
            return

    async def _deliver(self, batch: list[Message]) -> None:
        try:
            outcomes = iter(await self._call(batch))
            for run in by_key(batch):
                await self._conclude(run, [next(outcomes) for _ in run])
        finally:
            self._running -= 1
            self._work.set()
            self._room.set()

    async def _call(self, batch: list[Message]) -> Sequence[Outcome]:
        """What the consumer says; a call that breaks or never ends has failed."""
        said = await _bounded(self._subscription.handle(batch), self._limits.call_seconds)
        if not isinstance(said, BaseException) and len(said) == len(batch):
            return said
        failure = said if isinstance(said, BaseException) else None
        reason = repr(failure) if failure else "the consumer left outcomes out"
        log.error("bus.call_failed", consumer=self.name, reason=reason, exc_info=failure)
        return [Outcome(Verdict.RETRY, reason)] * len(batch)

    async def _conclude(self, run: list[Message], outcomes: Sequence[Outcome]) -> None:
        """Settle a lane's messages up to the first that has to be tried again."""
        key = run[0].key
        for message, outcome in zip(run, outcomes, strict=True):
            if outcome.verdict is Verdict.HELD:
                break
            if not await self._is_over(message, outcome):
                return
            self._lanes.drop(key, is_done=outcome.verdict is Verdict.DONE)
            self._held.discard(message.position)
            self._settle(message.position)
        self._lanes.release(key)

    async def _is_over(self, message: Message, outcome: Outcome) -> bool:
        """Whether a message is done or set aside; where it is neither, its lane rests now."""
        if outcome.verdict is Verdict.DONE:
            return True
        delay = self._delay(message.key, outcome.verdict)
        if delay is None:
            if await self._set_aside(message, outcome.reason):
                return True
            delay = self._limits.away_seconds
        self._lanes.rest(message.key, monotonic() + delay)
        return False

    async def _set_aside(self, message: Message, reason: str) -> bool:
        """Whether a message was set aside; while it cannot be, it is kept and tried again."""
        call = self._subscription.set_aside(message, reason)
        failure = await _bounded(call, self._limits.call_seconds)
        if failure is None:
            return True
        log.error("bus.cannot_set_aside", consumer=self.name, exc_info=failure)
        return False

    def _delay(self, key: str, verdict: Verdict) -> float | None:
        """Seconds until the next attempt; None when there is none."""
        if verdict is Verdict.AWAY:
            return self._limits.away_seconds
        if verdict is not Verdict.RETRY:
            return None
        failures = self._lanes.failed(key)
        delays = self._limits.retry_delays
        return delays[failures - 1] if failures <= len(delays) else None

    async def _refill(self) -> None:
        """Read parked messages again whenever half of the lanes is free."""
        while True:
            await self._room.wait()
            self._room.clear()
            while self._parked and self._lanes.room >= self._lanes.capacity // 2:
                await self._unpark(self._parked.take(self._lanes.room))

    async def _unpark(self, positions: list[int]) -> None:
        """Move what is longest parked into the lanes; nothing may overtake it meanwhile."""
        self._moving = frozenset(positions)
        try:
            messages = await self._reload(positions)
        except Unavailable:
            for position in positions:
                self._parked.add(position)
            self._moving = frozenset()
            await asyncio.sleep(self._limits.away_seconds)
            return
        for message in messages:
            if self.reads(message.topic):
                self._hold(message)
        self._moving = frozenset()
        for position in positions:
            if position not in self._held:
                self._settle(position)
        self._oldest_wait = monotonic()
        self._work.set()


async def _bounded(call: Awaitable[T], seconds: float) -> T | BaseException:
    """What a call returns or raises, be it a cancellation of its own; TimeoutError at its end."""
    try:
        async with asyncio.timeout(seconds):
            return (await asyncio.gather(call, return_exceptions=True))[0]
    except TimeoutError as error:
        return error
