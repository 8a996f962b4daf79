"""A schedule that all replicas share, in Redis; it vanishes at any moment and loses nothing.

Each replica claims some of what is due, fires that in the table and settles the claim. A claim that
nobody settles comes back after `CLAIMED_SECONDS`. What Redis does not know the table tells:

- Where Redis is away, or its set is not whole, `claim` gives None, and the table is read instead,
  at least every `POLL_SECONDS`; so nothing is later than that and a call's time-out. Meanwhile one
  replica reads all that is pending into the set again.
- A server that does not know our scripts was restarted, or another has taken its place: what it has
  may be old, so the set counts as not whole.
- What is planned while it is away is told when it is back. Where that is lost with its process, the
  next look at the table finds it: the earliest that are pending are told again each time.
- Others are woken by a message; where that is lost, by asking every `POLL_SECONDS`.

Times are compared with this process's clock, never with that of Redis. Between replicas whose
clocks differ a claim comes back so much sooner or later, and a reminder fires by the clock that is
ahead; what decides that it fires once is its row.
"""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import isfinite
from typing import Any, Final, NoReturn
from uuid import UUID, uuid4

import structlog

from taskflow.base.clock import Clock
from taskflow.base.errors import Unavailable
from taskflow.chassis.redis import Forgotten, Redis, RedisClient, Script
from taskflow.chassis.service import Context
from taskflow.db.engine import Database
from taskflow.services.reminder import storage
from taskflow.services.reminder.alarm import Earliest
from taskflow.services.reminder.ports import Claim, Times
from taskflow.services.reminder.schedule_scripts import (
    BEGIN,
    CHANNEL,
    CLAIM,
    DUE,
    FINISH,
    KEYS,
    PAGE,
    PLAN,
    REBUILDING,
    SCRIPTS,
    SETTLE,
    WHOLE,
)

CLAIMED_SECONDS: Final = 5.0
POLL_SECONDS: Final = 1.0
# When what somebody else holds just now is looked at again.
AGAIN: Final = timedelta(seconds=0.25)
REBUILD_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = (0.1, 0.5)
PAGE_SIZE: Final = 1_000
MOST_UNTOLD: Final = 10_000
# As many as a moment of any year has.
MOST_DIGITS: Final = 15
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)

log = structlog.get_logger()


class RedisSchedule:
    """The reminders that are pending, in a sorted set.

    Args:
        client: Where it is.
        database: Where they are read from when it is lost.
        clock: The time.

    Attributes:
        client: Where it is.
    """

    def __init__(self, client: RedisClient, database: Database, clock: Clock) -> None:
        self.client = client
        self._database = database
        self._clock = clock
        self._near = Earliest(clock)
        self._untold: dict[UUID, datetime] = {}
        self._has_untold = asyncio.Event()
        self._is_behind = False
        self._overflows = 0
        self._is_broken = asyncio.Event()

    @classmethod
    def of(cls, context: Context) -> "RedisSchedule":
        """The schedule of a service, in the Redis that its settings name.

        Raises:
            Invalid: that is no address of a Redis.
        """
        return cls(RedisClient.of(context.settings), context.database, context.clock)

    @property
    def next(self) -> datetime | None:
        """The earliest time that is known here; None when nothing is."""
        return self._near.next

    def plan(self, times: Times) -> None:
        """These are pending."""
        self._near.plan(times)
        for name, at in times.items():
            self._untold[name] = min(at, self._untold.get(name, at))
        if len(self._untold) > MOST_UNTOLD:
            self._untold.clear()
            self._is_behind = True
            self._overflows += 1
        self._has_untold.set()

    def forget(self) -> None:
        """Begin afresh."""
        self._near.forget()

    async def claim(self, now: datetime, limit: int) -> Claim | None:
        """Take some of what is due; None where only the table can tell."""
        if self._untold or self._is_behind:
            return None
        self._near.forget()
        mark = str(_floor(now) + int(CLAIMED_SECONDS * 1_000))
        try:
            found = await self._run(CLAIM, _floor(now), limit, mark, WHOLE, attempts=1)
        except Unavailable:
            return None
        if found is None:
            self._is_broken.set()
            return None
        ids, following = found
        if isfinite(earliest := min(map(float, following))):
            self._near.hasten(BEGINNING + earliest * MILLISECOND)
        return Claim([UUID(name.decode()) for name in ids], mark)

    async def settle(self, claim: Claim, pending: Times) -> None:
        """The table was asked about what was claimed; what Redis misses of it comes back."""
        again = self._clock.now() + AGAIN
        times = {name: max(at, again) for name, at in pending.items()}
        self._near.plan(times)
        ids = [str(name) for name in claim.ids]
        try:
            await self._run(SETTLE, claim.mark, len(ids), *ids, *_by_turns(times))
        except Unavailable as error:
            log.debug("reminders.claim_not_settled", reason=error.detail)

    async def wait(self, patience_seconds: float) -> None:
        """Return when the earliest time has come, or when Redis is to be asked again."""
        await self._near.wait(min(patience_seconds, POLL_SECONDS))

    async def run(self) -> None:
        """Tell, hear and rebuild, until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tell_always(), name="reminders to Redis")
                group.create_task(self._rebuild_always(), name="reminders rebuilt in Redis")
                group.create_task(self.client.listen(CHANNEL, self._hear, self._ask_again))
        finally:
            await self.client.close()

    def _hear(self, message: bytes) -> None:
        """Somebody planned something that comes first now."""
        if message.isdigit() and len(message) <= MOST_DIGITS:
            self._near.hasten(BEGINNING + int(message) * MILLISECOND)

    def _ask_again(self) -> None:
        """Messages may have been lost: wake at once."""
        self._near.hasten(self._clock.now())

    async def _tell_always(self) -> NoReturn:
        while True:
            await self._has_untold.wait()
            self._has_untold.clear()
            try:
                await self._tell()
            except Unavailable as error:
                log.debug("reminders.not_told", reason=error.detail)
                self._has_untold.set()
                await asyncio.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311 - a pause

    async def _tell(self) -> None:
        if self._is_behind:
            overflows = self._overflows
            await self.client.call(_distrust)
            self._is_behind = self._overflows > overflows
        while some := dict(islice(self._untold.items(), PAGE_SIZE)):
            await self._run(PLAN, CHANNEL, *_by_turns(some))
            for name, at in some.items():
                if self._untold.get(name) == at:
                    del self._untold[name]
            self._near.plan(some)

    async def _rebuild_always(self) -> NoReturn:
        while True:
            await self._is_broken.wait()
            self._is_broken.clear()
            try:
                await self._rebuild()
            except Unavailable as error:
                log.debug("reminders.not_rebuilt", reason=error.detail)
            await asyncio.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311 - a pause

    async def _rebuild(self) -> None:
        """Read all that is pending into the set, unless somebody else does or has done."""
        name, milliseconds = uuid4().hex, int(REBUILD_SECONDS * 1_000)
        if not await self._run(BEGIN, name, milliseconds, WHOLE, attempts=1):
            return
        read = 0
        async with self._database.transaction(read_only=True) as transaction:
            async for page in storage.every(transaction, PAGE_SIZE):
                if not await self._run(PAGE, name, milliseconds, *_by_turns(page)):
                    return
                read += len(page)
        if await self._run(FINISH, name, WHOLE):
            log.info("reminders.rebuilt", pending=read)

    async def _run(self, script: Script, *arguments: Any, attempts: int = 2) -> Any:
        try:
            return await self.client.run(script, KEYS, *arguments, attempts=attempts)
        except Forgotten:
            await self.client.call(_make_known)
            return await self.client.run(script, KEYS, *arguments, attempts=attempts)


async def _distrust(redis: Redis) -> None:
    """The set lacks something, and so does what somebody may be making of it."""
    async with redis.pipeline() as pipeline:
        pipeline.zrem(DUE, WHOLE)
        pipeline.delete(REBUILDING)
        await pipeline.execute()


async def _make_known(redis: Redis) -> None:
    """A server that we have never met: its set may be old."""
    async with redis.pipeline() as pipeline:
        pipeline.zrem(DUE, WHOLE)
        pipeline.delete(REBUILDING)
        for script in SCRIPTS:
            pipeline.script_load(script.text)
        await pipeline.execute()


def _by_turns(times: Times) -> Sequence[int | str]:
    """A time in milliseconds, never before it has come, and a reminder, by turns."""
    return [one for name, at in times.items() for one in (_ceiling(at), str(name))]


def _floor(at: datetime) -> int:
    return (at - BEGINNING) // MILLISECOND


def _ceiling(at: datetime) -> int:
    return -((BEGINNING - at) // MILLISECOND)
