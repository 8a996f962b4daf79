"""Plans, replans and cancels reminders as their tasks change, and receipts what the bus carried."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from uuid import UUID

from taskflow.base.clock import Clock, SystemClock
from taskflow.chassis.handlers import Delivery
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskEvent
from taskflow.events.topics import REMINDER_TRIGGERED, TASK_COMPLETED, TASK_DELETED, TASK_UPDATED
from taskflow.services.reminder import deliveries, receipts, storage
from taskflow.services.reminder.history import Entry, of_carrying, of_closing, of_planning
from taskflow.services.reminder.ports import Schedule
from taskflow.services.reminder.scheduler import (
    Standing,
    plans,
    settle,
    why_closed,
    why_withdrawn,
)


class Planner:
    """Keeps reminders in step with tasks.

    Args:
        schedule: Told of what is pending.
        clock: The time.
        on_carried: Told how many events of reminders the bus has carried.
    """

    def __init__(
        self,
        schedule: Schedule,
        clock: Clock | None = None,
        on_carried: Callable[[int], None] | None = None,
    ) -> None:
        self._schedule = schedule
        self._clock = clock or SystemClock()
        self._on_carried = on_carried

    async def follow(self, transaction: Transaction, arrived: Sequence[Delivery]) -> None:
        """Bring the reminders of the events' tasks up to date, unless newer is known.

        A reminder's own event that comes back has been carried to the services.
        """
        of_tasks = [one for one in arrived if one.event.event_type != REMINDER_TRIGGERED]
        for news in _rounds(of_tasks):
            fresh = await storage.note(transaction, news)
            known = await storage.standings(transaction, fresh)
            heard = [one for one in news if one.event.task_id in fresh]
            history = [
                entry
                for event, _, closed in heard
                for entry in await self._settle(transaction, event, known[event.task_id], closed)
            ]
            await receipts.append(transaction, history)
            await self._stop(transaction, heard)
        carried = [one.event for one in arrived if one.event.event_type == REMINDER_TRIGGERED]
        await self._receipt(transaction, carried)

    async def _settle(
        self,
        transaction: Transaction,
        event: TaskEvent,
        known: Mapping[UUID, Standing],
        closed: str | None,
    ) -> list[Entry]:
        wanted = plans(event.task)
        is_urgent = event.task.priority == "urgent"
        changed = settle(wanted, known, event.timestamp, closed, is_urgent=is_urgent)
        await storage.keep(transaction, event.task, wanted, changed)
        if closed is None and event.event_type == TASK_UPDATED:
            fired = [name for name, one in known.items() if one.fired_at]
            await deliveries.resume(transaction, fired, self._clock.now())
        reasons = {
            name: reason
            for name, one in known.items()
            if (reason := why_withdrawn(one, changed.get(name, one), closed))
        }
        await deliveries.withdraw(transaction, reasons, self._clock.now())
        times = {name: one.fire_at for name, one in changed.items() if one.status == "pending"}
        if times:
            transaction.after_commit(lambda: self._schedule.plan(times))
        history = [
            entry
            for name, one in changed.items()
            for entry in of_planning(name, known.get(name), one, event)
        ]
        if closed is not None and event.event_type in (TASK_COMPLETED, TASK_DELETED):
            history += [of_closing(one, closed, event) for one in known if known[one].fired_at]
        return history

    async def _stop(self, transaction: Transaction, news: Sequence[storage.News]) -> None:
        """Send nothing of closed tasks that has not gone out yet."""
        for reason in {one.closed for one in news if one.closed}:
            task_ids = [one.event.task_id for one in news if one.closed == reason]
            await deliveries.stop_tasks(transaction, task_ids, reason, self._clock.now())

    async def _receipt(self, transaction: Transaction, events: Sequence[TaskEvent]) -> None:
        now = self._clock.now()
        entries = [of_carrying(event.reminder, event, now) for event in events if event.reminder]
        await receipts.append(transaction, entries)
        if entries and self._on_carried is not None:
            transaction.after_commit(partial(self._on_carried, len(entries)))


def _rounds(deliveries: Sequence[Delivery]) -> list[list[storage.News]]:
    """The first news of every task, then the second ones, and so on."""
    rounds: list[list[storage.News]] = []
    told: Counter[UUID] = Counter()
    for delivery in deliveries:
        event = delivery.event
        if told[event.task_id] == len(rounds):
            rounds.append([])
        closed = why_closed(event.task, is_deleted=event.event_type == TASK_DELETED)
        rounds[told[event.task_id]].append(storage.News(event, delivery.traceparent, closed))
        told[event.task_id] += 1
    return rounds
