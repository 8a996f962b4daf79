"""Keeps the histories in which habits are found up to date with the news of tasks."""

from collections.abc import Sequence
from typing import Final

from taskflow.base.clock import Clock
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskEvent
from taskflow.events.topics import TASK_UPDATED
from taskflow.services.recurring_processor.habits import storage

# A change of anything else tells nothing of a habit.
TELLING: Final = frozenset(
    {
        "title", "status", "completed_at", "deleted_at", "recurrence", "series_id", "timezone",
        "priority", "tags", "due_date", "all_day",
    }
)  # fmt: skip


def tells_of_habits(event: TaskEvent) -> bool:
    """Whether an event may change what is known of somebody's habits."""
    return event.event_type != TASK_UPDATED or not TELLING.isdisjoint(event.changes)


class Histories:
    """Follows tasks.

    Args:
        clock: The time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def follow(self, transaction: Transaction, events: Sequence[TaskEvent]) -> None:
        """Keep what events tell of tasks."""
        telling = [event for event in events if tells_of_habits(event)]
        if telling:
            await storage.note(transaction, telling, self._clock.now())
