"""Fires reminders at their time: the mark and the event in one transaction."""

import asyncio
from typing import Final

import structlog
from prometheus_client import Histogram

from taskflow.base.clock import Clock
from taskflow.base.errors import Unavailable
from taskflow.base.ids import derived_id
from taskflow.db.engine import Database
from taskflow.events.payloads import Actor, ReminderFacts, TaskEvent
from taskflow.events.topics import REMINDER_TRIGGERED
from taskflow.outbox.append import append
from taskflow.services.reminder import storage
from taskflow.services.reminder.schedule_memory import Alarm
from taskflow.services.reminder.storage import Fired

AT_ONCE: Final = 500
AWAY_SECONDS: Final = 0.5
ACTOR: Final = Actor("system", "reminder", "TaskFlow")

log = structlog.get_logger()


class Firing:
    """The loop that fires what is due.

    Args:
        database: Where reminders and the outbox are.
        alarm: Wakes it.
        clock: The time.
        lateness: Observes how late each was, in seconds.
    """

    def __init__(self, database: Database, alarm: Alarm, clock: Clock, lateness: Histogram) -> None:
        self._database = database
        self._alarm = alarm
        self._clock = clock
        self._lateness = lateness

    async def run(self) -> None:
        """Fire until cancelled; what was missed while we were away fires first."""
        while True:
            try:
                fired = await self._fire()
            except Unavailable as error:
                log.warning("reminders.waiting", reason=error.detail)
                await asyncio.sleep(AWAY_SECONDS)
                continue
            if not fired:
                await self._alarm.wait()

    async def _fire(self) -> bool:
        """Fire what is due, up to a limit; tells the alarm what comes next."""
        async with self._database.transaction() as transaction:
            now = self._clock.now()
            due = await storage.fire(transaction, now, AT_ONCE)
            await append(transaction, *(_event(one) for one in due))
            # What is planned after this line hastens the alarm, what was before it is read.
            self._alarm.forget()
            if (following := await storage.next_time(transaction)) is not None:
                self._alarm.hasten(following)
        for one in due:
            self._lateness.observe(max((now - one.fire_at).total_seconds(), 0.0))
        return bool(due)


def _event(fired: Fired) -> TaskEvent:
    """The event of a reminder; firing it twice gives the same id."""
    task = fired.task
    return TaskEvent(
        event_id=derived_id(fired.id, fired.fire_at.isoformat(), fired.fire_at),
        event_type=REMINDER_TRIGGERED,
        task_id=task.id,
        user_id=task.user_id,
        actor=ACTOR,
        version=fired.version,
        timestamp=fired.fire_at,
        correlation_id=fired.correlation_id,
        causation_id=fired.cause,
        task=task,
        changes={},
        reminder=ReminderFacts(
            fired.id, fired.offset, task.due_date, fired.fire_at, fired.late_by_seconds
        ),
    )
