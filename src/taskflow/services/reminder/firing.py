"""Fires reminders at their time: the mark and the event in one transaction."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog
from prometheus_client import Histogram

from taskflow.base import spans
from taskflow.base.clock import Clock
from taskflow.base.errors import Unavailable
from taskflow.base.ids import derived_id
from taskflow.base.spans import Attributes, Span
from taskflow.chassis.tracing import CORRELATION, SERVICE
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Actor, ReminderFacts, TaskEvent
from taskflow.events.topics import REMINDER_TRIGGERED
from taskflow.outbox.append import Caused, append_caused
from taskflow.services.reminder import storage
from taskflow.services.reminder.ports import Schedule
from taskflow.services.reminder.storage import Fired

AT_ONCE: Final = 500
AWAY_SECONDS: Final = 0.5
CONTENDED_SECONDS: Final = 0.05
# Another process may have planned what nobody tells this one of.
LOOK_SECONDS: Final = 20.0
ACTOR: Final = Actor("system", "reminder", "TaskFlow")

log = structlog.get_logger()


class Firing:
    """The loop that fires what is due.

    Args:
        database: Where reminders and the outbox are.
        schedule: Wakes it.
        clock: The time.
        lateness: Observes how late each was, in seconds.
        look_seconds: How often the table is read while nobody tells of anything.
    """

    def __init__(
        self,
        database: Database,
        schedule: Schedule,
        clock: Clock,
        lateness: Histogram,
        *,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._database = database
        self._schedule = schedule
        self._clock = clock
        self._lateness = lateness
        self._look_seconds = look_seconds

    async def run(self) -> None:
        """Fire until cancelled; what was missed while we were away fires first."""
        while True:
            try:
                fired = await self._fire()
            except Unavailable as error:
                log.warning("reminders.waiting", reason=error.detail)
                await asyncio.sleep(AWAY_SECONDS)
                continue
            if fired:
                continue
            if self._is_contended():
                await asyncio.sleep(CONTENDED_SECONDS)
            else:
                await self._schedule.wait(self._look_seconds)

    def _is_contended(self) -> bool:
        """Whether something is due that we could not have: somebody else holds it just now."""
        following = self._schedule.next
        return following is not None and following <= self._clock.now()

    async def _fire(self) -> bool:
        """Fire what is due, up to a limit; tells the schedule what comes next."""
        async with self._database.transaction() as transaction:
            now = self._clock.now()
            due = await storage.fire(transaction, now, AT_ONCE)
            await _tell(transaction, due, now)
            # What is planned after this line hastens the schedule, what was before it is read.
            self._schedule.forget()
            if (following := await storage.next_time(transaction)) is not None:
                self._schedule.hasten(following)
        for one in due:
            self._lateness.observe(max((now - one.fire_at).total_seconds(), 0.0))
        return bool(due)


async def _tell(transaction: Transaction, due: Sequence[Fired], now: datetime) -> None:
    """Record the events of what fires, each in the trace of what its reminder was planned by."""
    firings = [_span(one) for one in due]
    try:
        causes = [
            span if span.traceparent else one.traceparent
            for span, one in zip(firings, due, strict=True)
        ]
        events = [_event(one, now) for one in due]
        await append_caused(transaction, [*map(Caused, events, causes)])
    finally:
        for span in firings:
            span.end()


def _span(fired: Fired) -> Span:
    known: Attributes = {
        CORRELATION: fired.correlation_id,
        SERVICE: "reminder",
        "taskflow.late_by_seconds": fired.late_by_seconds,
    }
    return spans.start("fire reminder", parent=fired.traceparent, attributes=known)


def _event(fired: Fired, now: datetime) -> TaskEvent:
    """The event of a reminder; firing it twice gives the same id.

    It happens now; when it should have is among its facts.
    """
    task = fired.task
    return TaskEvent(
        event_id=derived_id(fired.id, fired.fire_at.isoformat(), fired.fire_at),
        event_type=REMINDER_TRIGGERED,
        task_id=task.id,
        user_id=task.user_id,
        actor=ACTOR,
        version=fired.version,
        timestamp=now,
        correlation_id=fired.correlation_id,
        causation_id=fired.cause,
        task=task,
        changes={},
        reminder=ReminderFacts(
            fired.id, fired.offset, task.due_date, fired.fire_at, fired.late_by_seconds
        ),
    )
