"""Plans, replans and cancels reminders as their tasks change."""

from taskflow.base.clock import Clock
from taskflow.chassis.consumer import Delivery
from taskflow.events.topics import TASK_DELETED
from taskflow.services.reminder import storage
from taskflow.services.reminder.schedule_memory import Alarm
from taskflow.services.reminder.scheduler import plans


class Planner:
    """Keeps reminders in step with tasks."""

    def __init__(self, clock: Clock, alarm: Alarm) -> None:
        self._clock = clock
        self._alarm = alarm

    async def follow(self, delivery: Delivery) -> None:
        """Bring the reminders of an event's task up to date, unless newer is known."""
        event, transaction = delivery.event, delivery.transaction
        if not await storage.note(transaction, event):
            return
        is_deleted = event.event_type == TASK_DELETED
        wanted = plans(event.task, self._clock.now(), is_deleted=is_deleted)
        await storage.plan(transaction, event.task, wanted)
        times = [one.fire_at for one in wanted if one.reason is None]
        if times:
            transaction.after_commit(lambda: self._alarm.hasten(min(times)))
