"""Plans, replans and cancels reminders as their tasks change."""

from taskflow.chassis.consumer import Delivery
from taskflow.events.topics import TASK_DELETED
from taskflow.services.reminder import storage
from taskflow.services.reminder.ports import Schedule
from taskflow.services.reminder.scheduler import plans, settle, why_closed


class Planner:
    """Keeps reminders in step with tasks.

    Args:
        schedule: Told of what is pending.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    async def follow(self, delivery: Delivery) -> None:
        """Bring the reminders of an event's task up to date, unless newer is known."""
        event, transaction = delivery.event, delivery.transaction
        closed = why_closed(event.task, is_deleted=event.event_type == TASK_DELETED)
        if not await storage.note(transaction, event, delivery.traceparent, closed):
            return
        wanted = plans(event.task)
        known = await storage.standings(transaction, event.task_id)
        changed = settle(wanted, known, event.timestamp, closed)
        await storage.keep(transaction, event.task, wanted, changed)
        times = {name: one.fire_at for name, one in changed.items() if one.status == "pending"}
        if times:
            transaction.after_commit(lambda: self._schedule.plan(times))
