"""Reminders in the real table, planned as the service plans them."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from msgspec.structs import replace
from tests.notes import make_note

from taskflow.base.clock import Clock
from taskflow.chassis.handlers import Delivery
from taskflow.db.engine import Database
from taskflow.events.envelope import decode
from taskflow.events.payloads import Actor, EventType, Reminder, TaskEvent, TaskState
from taskflow.services.reminder.event_consumer import Planner
from taskflow.services.reminder.ports import Schedule
from taskflow.services.reminder.schedule_memory import MemorySchedule
from taskflow.services.reminder.scheduler import plans

STATUSES = "SELECT id, status FROM reminders.reminders WHERE id = ANY($1::uuid[])"
EVENTS = "SELECT envelope FROM delivery.outbox WHERE topic = $1 ORDER BY id"
TOPIC = "taskflow.tasks.reminder-triggered"


class Wall:
    """A clock that is set by hand."""

    def __init__(self, at: datetime = datetime(2026, 3, 2, 8, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


def make_task(*reminders: Reminder, due: datetime | None = None) -> TaskState:
    """A task of a fresh user."""
    due_date = due.isoformat().replace("+00:00", "Z") if due else None
    state = make_note(1).task
    return replace(state, id=uuid4(), user_id=uuid4(), due_date=due_date, reminders=reminders)


def make_event(task: TaskState, at: datetime, event_type: EventType = "task.created") -> TaskEvent:
    """The news of a task."""
    return TaskEvent(
        event_id=uuid4(),
        event_type=event_type,
        task_id=task.id,
        user_id=task.user_id,
        actor=Actor("user", str(task.user_id), "Ann"),
        version=task.version,
        timestamp=at,
        correlation_id="correlation",
        causation_id=None,
        task=task,
        changes={},
    )


async def follow(
    database: Database,
    event: TaskEvent,
    schedule: Schedule | None = None,
    clock: Clock | None = None,
) -> None:
    """Let the service hear of an event."""
    planner = Planner(schedule or MemorySchedule(Wall()), clock)
    async with database.transaction() as transaction:
        await planner.follow(transaction, [Delivery(transaction, event, None)])


async def plan_reminders(database: Database, wall: Wall, times: Collection[datetime]) -> list[UUID]:
    """Plan a reminder at each time, each of a task of its own; returns their ids."""
    ids = []
    asked_at = wall.at - timedelta(hours=1)
    async with database.transaction() as transaction:
        for at in times:
            task = make_task(Reminder(at=at))
            planner = Planner(MemorySchedule(wall))
            news = [Delivery(transaction, make_event(task, asked_at), None)]
            await planner.follow(transaction, news)
            ids.append(plans(task)[0].id)
    return ids


async def statuses(database: Database, ids: Collection[UUID]) -> dict[UUID, str]:
    """Where reminders stand."""
    async with database.transaction(read_only=True) as transaction:
        return {row[0]: row[1] for row in await transaction.rows(STATUSES, list(ids))}


async def reminder_events(database: Database, ids: Collection[UUID]) -> list[TaskEvent]:
    """What the outbox tells of these reminders, in its order."""
    async with database.transaction(read_only=True) as transaction:
        rows = await transaction.rows(EVENTS, TOPIC)
    events = [decode(row[0]).data for row in rows]
    return [event for event in events if event.reminder and event.reminder.id in set(ids)]
