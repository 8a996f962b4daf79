"""This service's way to tasks: through the commands on them, in the transaction of its own rows."""

from datetime import UTC, datetime, time
from typing import Final, Self
from uuid import UUID

import msgspec
from msgspec.structs import replace

from taskflow.base.ids import derived_id
from taskflow.chassis.handlers import Delivery
from taskflow.chassis.homes import zone_of
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import ActorType, TaskEvent, TaskState
from taskflow.events.topics import TASK_DELETED, TASK_UPDATED
from taskflow.services.recurring_processor import history_storage, storage
from taskflow.services.recurring_processor.model import Instance, Series
from taskflow.tasks import commands, instance_commands, queries
from taskflow.tasks.errors import TaskNotFound, TaskStale
from taskflow.tasks.model import Actor, Task, due_text, event_of
from taskflow.tasks.recurrence import Occurrence
from taskflow.tasks.zones import instant, parse_zone, wall_time

SYSTEM_ID: Final = "recurring-processor"


def system_actor(
    user_id: UUID,
    correlation_id: str,
    causation_id: UUID | None = None,
    traceparent: str | None = None,
) -> Actor:
    """This service, acting for a user."""
    named: tuple[ActorType, str, str] = ("system", SYSTEM_ID, "TaskFlow")
    return Actor(user_id, *named, correlation_id, causation_id, traceparent, touches=False)


def news_of(actor: Actor, task: Task, event_id: UUID) -> TaskEvent:
    """What the news of a task says, or will say, of its newest state."""
    return event_of(actor, TASK_DELETED if task.is_deleted else TASK_UPDATED, task, {}, event_id)


class TaskDoor:
    """Makes, brings back and withdraws the tasks of one owner.

    Args:
        transaction: Where to read and write.
        actor: In whose name.
        now: When it is done.
    """

    def __init__(self, transaction: Transaction, actor: Actor, now: datetime) -> None:
        self.made = 0
        self._transaction = transaction
        self._actor = actor
        self._now = now

    @classmethod
    def of(cls, delivery: Delivery, now: datetime) -> Self:
        """The door for what an event leads to; the event is the cause of all that is done."""
        event = delivery.event
        cause = (event.correlation_id, event.event_id, delivery.traceparent)
        return cls(delivery.transaction, system_actor(event.user_id, *cause), now)

    async def has_tasks(self, user_id: UUID, series_id: UUID) -> bool:
        """Whether a series has any task, if only in the trash; an erased account leaves none."""
        for status in (None, "deleted"):
            wanted = queries.Filter(series_id=series_id, status=status)
            page = await queries.listing(self._transaction, user_id, wanted, limit=1)
            if page.tasks:
                return True
        return False

    async def standing(self, series: Series, occurrence: Occurrence) -> list[Instance]:
        """The tasks that may be that of an occurrence, none of them taken back."""
        return await history_storage.standing(self._transaction, [(series, occurrence)])

    async def zone(self) -> str:
        """Where the owner is, held until the transaction ends."""
        return await zone_of(self._transaction, self._actor.user_id)

    async def make(self, previous: TaskState, occurrence: Occurrence) -> TaskState | None:
        """Make the task of an occurrence, or bring it back; None when somebody else has it.

        A floating one comes to its owner's wall, where the one before may not have come any more.
        """
        if previous.floating:
            previous, occurrence = _on_wall(previous, occurrence, await self.zone())
        task = await instance_commands.create_instance(
            self._transaction, self._actor, previous, occurrence, self._now
        )
        state = task.state() if task else await self._bring_back(previous, occurrence)
        self.made += state is not None
        return state

    async def withdraw(self, instance: Instance) -> bool:
        """Take a task back; False when somebody has touched it."""
        if not await self._delete(instance):
            return False
        # At once: the same event may go on to bring it back.
        await storage.keep(self._transaction, instance.withdrawn())
        return True

    async def _delete(self, instance: Instance) -> bool:
        opened, actor, task_id = self._transaction, self._actor, instance.task_id
        if instance.own_version == 1:
            return await instance_commands.withdraw(opened, actor, task_id, self._now)
        try:
            # A change of nothing locks the task and refuses another version, and tells nobody.
            await commands.update(opened, actor, task_id, {}, self._now, instance.own_version)
            await commands.delete(opened, actor, task_id, self._now)
        except (TaskNotFound, TaskStale):
            return False
        return True

    async def _bring_back(self, previous: TaskState, occurrence: Occurrence) -> TaskState | None:
        """The withdrawn task of an occurrence, restored and brought up to the previous one."""
        task_id = _instance_id(previous, occurrence)
        known = await storage.find_instance(self._transaction, task_id)
        if known is None or not known.is_withdrawn:
            return None
        given = _fields(previous, occurrence)
        # Where somebody has restored it already, it is theirs.
        task = await instance_commands.bring_back(
            self._transaction, self._actor, task_id, given, self._now
        )
        return task.state() if task else None


def _on_wall(
    previous: TaskState, occurrence: Occurrence, timezone: str
) -> tuple[TaskState, Occurrence]:
    """A task and the occurrence after it, at the same wall time in another zone."""
    if isinstance(occurrence.at, datetime):
        local = wall_time(occurrence.at, parse_zone(previous.timezone))
        occurrence = occurrence._replace(at=instant(local, parse_zone(timezone)))
    return replace(previous, timezone=timezone), occurrence


def _instance_id(previous: TaskState, occurrence: Occurrence) -> UUID:
    """The id that `create_instance` gives to the task of an occurrence."""
    at = occurrence.at
    if not isinstance(at, datetime):
        at = datetime.combine(at, time(), parse_zone(previous.timezone)).astimezone(UTC)
    return derived_id(previous.series_id or previous.id, occurrence.date, at)


def _fields(previous: TaskState, occurrence: Occurrence) -> dict[str, object]:
    """What the task of an occurrence takes from the one before, as a person would write it."""
    return {
        "title": previous.title,
        "description": previous.description,
        "priority": previous.priority,
        "tags": previous.tags,
        "due_date": due_text(occurrence.at),
        "all_day": previous.all_day,
        "timezone": previous.timezone,
        "floating": previous.floating,
        "recurrence": msgspec.to_builtins(previous.recurrence),
        "reminders": [reminder for reminder in previous.reminders if reminder.offset],
    }
