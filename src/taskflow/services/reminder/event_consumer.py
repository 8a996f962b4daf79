"""Plans, replans and cancels reminders as their tasks change."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from taskflow.chassis.handlers import Delivery
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskEvent
from taskflow.events.topics import TASK_DELETED
from taskflow.services.reminder import storage
from taskflow.services.reminder.ports import Schedule
from taskflow.services.reminder.scheduler import Standing, plans, settle, why_closed


class Planner:
    """Keeps reminders in step with tasks.

    Args:
        schedule: Told of what is pending.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    async def follow(self, transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        """Bring the reminders of the events' tasks up to date, unless newer is known."""
        for news in _rounds(deliveries):
            fresh = await storage.note(transaction, news)
            known = await storage.standings(transaction, fresh)
            for event, _, closed in news:
                if event.task_id in fresh:
                    await self._settle(transaction, event, known[event.task_id], closed)

    async def _settle(
        self,
        transaction: Transaction,
        event: TaskEvent,
        known: Mapping[UUID, Standing],
        closed: str | None,
    ) -> None:
        wanted = plans(event.task)
        changed = settle(wanted, known, event.timestamp, closed)
        await storage.keep(transaction, event.task, wanted, changed)
        times = {name: one.fire_at for name, one in changed.items() if one.status == "pending"}
        if times:
            transaction.after_commit(lambda: self._schedule.plan(times))


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
