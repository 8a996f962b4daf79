"""Makes the next instance of what recurs when the open one is done or gone.

The row of the series is locked first, so that events of one series are handled one after the other.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from prometheus_client import Counter

from taskflow.base.clock import Clock
from taskflow.chassis.consumer import Delivery
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskState
from taskflow.events.topics import TASK_DELETED
from taskflow.services.recurring_processor import storage
from taskflow.services.recurring_processor.series import (
    Series,
    due_at,
    next_occurrence,
    state_of,
)
from taskflow.tasks import commands
from taskflow.tasks.model import Actor
from taskflow.tasks.recurrence import Occurrence

SYSTEM_ID: Final = "recurring-processor"
# Occurrences that exist already and are passed over in search of the next.
MOST_PASSED: Final = 100
_RULE_FIELDS: Final = frozenset({"recurrence", "timezone", "all_day"})


class Continuation:
    """Continues series.

    Args:
        clock: The time.
        made: Counts instances.
    """

    def __init__(self, clock: Clock, made: Counter) -> None:
        self._clock = clock
        self._made = made

    async def follow(self, delivery: Delivery) -> None:
        """Bring the series of an event's task up to date."""
        event, transaction = delivery.event, delivery.transaction
        task = event.task
        if task.series_id is None:
            return
        series = await storage.lock(transaction, task.series_id, task)
        if series is None:
            return
        before = await storage.state_of(transaction, task.id)
        state = state_of(task, is_deletion=event.event_type == TASK_DELETED)
        if not await storage.note(transaction, task, event.version, state):
            return
        if before is None:
            await storage.count_made(transaction, task.series_id, event.timestamp)
        if event.actor.id == SYSTEM_ID and event.event_type == TASK_DELETED:
            return
        if state == "open":
            await self._reopened(delivery, task.series_id, before)
            await self._changed(delivery, task.series_id)
        elif before in (None, "open"):
            await self._continue(delivery, task.series_id)

    async def _reopened(self, delivery: Delivery, series_id: UUID, before: str | None) -> None:
        """An instance that is open again takes the place of a next one that nobody touched."""
        if before not in ("done", "gone"):
            return
        transaction, task = delivery.transaction, delivery.event.task
        for other in await storage.others_open(transaction, series_id, task.id):
            await commands.withdraw(transaction, _actor(delivery), other, self._clock.now())

    async def _changed(self, delivery: Delivery, series_id: UUID) -> None:
        """A new rule holds from this instance on; none ends the series."""
        event, transaction = delivery.event, delivery.transaction
        if not _RULE_FIELDS & event.changes.keys():
            return
        if event.task.recurrence is None:
            await storage.end(transaction, series_id, event.timestamp)
        else:
            await storage.change(transaction, series_id, event.task)

    async def _continue(self, delivery: Delivery, series_id: UUID) -> None:
        """Make the next instance, unless one is open already or the series is over."""
        transaction, task = delivery.transaction, delivery.event.task
        series = await storage.lock(transaction, series_id, task)
        if series is None or not series.is_active or task.recurrence is None:
            return
        if await storage.others_open(transaction, series_id, task.id):
            return
        now = self._clock.now()
        if await self._make(transaction, _actor(delivery), series, task, now):
            transaction.after_commit(self._made.inc)
        else:
            await storage.end(transaction, series_id, now)

    async def _make(
        self, transaction: Transaction, actor: Actor, series: Series, task: TaskState, now: datetime
    ) -> bool:
        after = due_at(task)
        for _ in range(MOST_PASSED):
            occurrence = next_occurrence(series, task, now, after)
            if occurrence is None:
                return False
            made = await commands.create_instance(transaction, actor, task, occurrence, now)
            if made is not None or series.recurrence.mode == "completion":
                return True
            after = _instant(occurrence, made_after=after, series=series)
        return False


def _instant(occurrence: Occurrence, made_after: datetime, series: Series) -> datetime:
    """Where to look on from an occurrence that has its task already."""
    if isinstance(occurrence.at, datetime):
        return max(occurrence.at, made_after)
    following = series.schedule
    local = datetime.combine(occurrence.at, following.start.time(), following.zone)
    return max(local, made_after)


def _actor(delivery: Delivery) -> Actor:
    event = delivery.event
    return Actor(
        event.user_id,
        "system",
        SYSTEM_ID,
        "TaskFlow",
        event.correlation_id,
        event.event_id,
        delivery.traceparent,
    )
