"""Fires reminders at their time: the mark and the event in one transaction."""

import asyncio
from asyncio import Task, TaskGroup
from collections.abc import Collection
from datetime import datetime
from math import inf
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import Histogram

from taskflow.base.clock import Clock, monotonic
from taskflow.base.errors import Unavailable
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.services.reminder import storage
from taskflow.services.reminder.ports import Claim, Schedule, Times
from taskflow.services.reminder.trigger import Terms, Triggered, trigger

AT_ONCE: Final = 500
# So many batches are under way: while the database writes one, the events of the next are made.
IN_FLIGHT: Final = 4
AWAY_SECONDS: Final = 0.5
CONTENDED_SECONDS: Final = 0.05
# Another process may have planned what nobody tells this one of, and have ended: then it fires at
# the next look, which nothing else waits for.
LOOK_SECONDS: Final = 20.0
SHARED_LOOK_SECONDS: Final = 5.0
# So many of the earliest are told to the schedule at each look, whatever it knows already.
TOLD_AGAIN: Final = 100
BY_THE_PAGE: Final = Terms()

log = structlog.get_logger()


class Firing:
    """The loop that fires what is due.

    Args:
        database: Where reminders and the outbox are.
        schedule: Wakes it.
        clock: The time.
        lateness: Observes how late each was, in seconds.
        look_seconds: How often the table is read where nothing is due, whatever the schedule says.
        terms: How people are told.
    """

    def __init__(
        self,
        database: Database,
        schedule: Schedule,
        clock: Clock,
        lateness: Histogram,
        *,
        look_seconds: float = LOOK_SECONDS,
        terms: Terms = BY_THE_PAGE,
    ) -> None:
        self._database = database
        self._schedule = schedule
        self._clock = clock
        self._lateness = lateness
        self._look_seconds = look_seconds
        self._terms = terms
        self._looked_at = -inf
        self._under_way: set[Task[None]] = set()
        self._failure: Unavailable | None = None

    async def run(self) -> None:
        """Fire until cancelled; what was missed while we were away fires first."""
        while True:
            try:
                await self.fire_due()
            except Unavailable as error:
                log.warning("reminders.waiting", reason=error.detail)
                await asyncio.sleep(AWAY_SECONDS)
                continue
            await self._schedule.wait(self._look_seconds)

    async def fire_due(self) -> None:
        """Fire all that is due.

        Raises:
            Unavailable: the database was away for some of it, which is pending as before.
        """
        self._failure = None
        async with TaskGroup() as batches:
            while await self._is_more(batches):
                pass
        if self._failure is not None:
            raise self._failure

    async def _is_more(self, batches: TaskGroup) -> bool:
        """Fire some of it; a failure ends that, and lets what is under way come to its end."""
        try:
            return self._failure is None and await self._fire(batches)
        except Unavailable as error:
            self._failure = error
            return False

    async def _fire(self, batches: TaskGroup) -> bool:
        """Fire what is due, up to a limit; returns whether to go on at once."""
        if len(self._under_way) >= IN_FLIGHT:
            await self._one_ended()
        now = self._clock.now()
        claim = await self._schedule.claim(now, AT_ONCE)
        if claim is None:
            return await self._fire_from_table(now, is_blind=True)
        if not claim.ids and not self._under_way:
            return await self._look(now)
        if claim.ids:
            self._begin(batches.create_task(self._fire_batch(now, claim)))
        else:
            await self._one_ended()
        return True

    def _begin(self, batch: "Task[None]") -> None:
        self._under_way.add(batch)
        batch.add_done_callback(self._under_way.discard)

    async def _one_ended(self) -> None:
        await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def _look(self, now: datetime) -> bool:
        """Ask the table now and then, where the schedule says that nothing is due."""
        if monotonic() - self._looked_at < self._look_seconds:
            return False
        return await self._fire_from_table(now)

    async def _fire_from_table(self, now: datetime, *, is_blind: bool = False) -> bool:
        """Fire whatever is due; when that is all, tells the schedule what comes next.

        Args:
            now: What is due by now.
            is_blind: Whether the schedule knows nothing better.
        """
        following: Times = {}
        async with self._database.transaction() as transaction:
            due = await self._mark(transaction, now, None)
            if not due.is_anything:
                # What is planned from here on is told to the schedule, what was before is read.
                if is_blind:
                    self._schedule.forget()
                following = await storage.first(transaction, TOLD_AGAIN)
        self._note(due)
        if due.is_anything:
            return True
        self._schedule.plan(following)
        if following and min(following.values()) <= now:
            # It is due and we could not have it: somebody else holds it just now.
            await asyncio.sleep(CONTENDED_SECONDS)
            return True
        self._looked_at = monotonic()
        return False

    async def _fire_batch(self, now: datetime, claim: Claim) -> None:
        """Fire what was claimed; tells the schedule what of it is to be fired at another time."""
        try:
            async with self._database.transaction() as transaction:
                due = await self._mark(transaction, now, claim.ids)
                others = set(claim.ids).difference(one.due.id for one in due.fired)
                others.update(due.times)
                pending = await storage.still(transaction, others) if others else {}
        except Unavailable as error:
            self._failure = error
            await self._schedule.settle(claim, dict.fromkeys(claim.ids, now))
            return
        await self._schedule.settle(claim, pending)
        self._note(due)

    async def _mark(
        self, transaction: Transaction, now: datetime, ids: Collection[UUID] | None
    ) -> Triggered:
        due = await trigger(transaction, now, AT_ONCE, ids, self._terms)
        if due.times:
            transaction.after_commit(lambda: self._schedule.plan(due.times))
        return due

    def _note(self, due: Triggered) -> None:
        """Count how late they are now that they are committed."""
        now = self._clock.now()
        for one in due.fired:
            self._lateness.observe(max((now - one.due.standing.fire_at).total_seconds(), 0.0))
