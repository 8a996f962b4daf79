"""The commands on the instances of a series: making, moving and taking back.

They keep what `commands` promises: the caller's transaction, one event for each task that changed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from msgspec.structs import replace

from taskflow.base.errors import Conflict
from taskflow.base.ids import derived_id, new_id
from taskflow.db.transaction import Transaction
from taskflow.events import topics
from taskflow.events.payloads import Change, TaskState
from taskflow.outbox.append import Caused, append_caused
from taskflow.tasks import tables
from taskflow.tasks.drafting import drafted_aside
from taskflow.tasks.drafts import relative_only
from taskflow.tasks.model import Actor, Fields, Task, due_from, event_of, new_task
from taskflow.tasks.writing import locked, record, save


class Occurrence(Protocol):
    """When a recurring task is next due, as the recurrence rules give it."""

    @property
    def date(self) -> str:
        """The key of the occurrence within its series."""

    @property
    def at(self) -> object:
        """An instant, or a date for an all-day task."""

    @property
    def wall(self) -> datetime | None:
        """What the wall says of it by the rule, also where the zone leaves that out."""


class Wish(NamedTuple):
    """An instance to be made: by whom, after which one, for which occurrence."""

    actor: Actor
    previous: TaskState
    occurrence: Occurrence


async def create_instance(
    transaction: Transaction,
    actor: Actor,
    previous: TaskState,
    occurrence: Occurrence,
    now: datetime,
) -> Task | None:
    """Create the next task of a series; None when that occurrence has its task already.

    Its id is derived from the series and the occurrence, so it is made once however often it
    is asked for. An absolute reminder belongs to its own task and is not carried on.

    Raises:
        OwnerErased: the actor's account is gone.
    """
    task = drafted_instance(Wish(actor, previous, occurrence), now)
    if not await tables.insert(transaction, task):
        return None
    await record(transaction, actor, topics.TASK_CREATED, task, {}, now)
    return task


async def create_instances(
    transaction: Transaction, wishes: Sequence[Wish], now: datetime
) -> list[Task]:
    """The same for many at once, of any users; returns those that were made.

    One whose occurrence has its task already, or whose owner is gone, is left out.
    """
    tasks = [drafted_instance(wish, now) for wish in wishes]
    free = await tables.insert_many(transaction, tasks)
    made = [(wish, task) for wish, task in zip(wishes, tasks, strict=True) if task.id in free]
    events = [
        Caused(
            event_of(wish.actor, topics.TASK_CREATED, task, {}, new_id(now)),
            wish.actor.traceparent,
        )
        for wish, task in made
    ]
    if events:
        await append_caused(transaction, events)
    return [task for _, task in made]


async def owners_gone(transaction: Transaction, user_ids: Sequence[UUID]) -> set[UUID]:
    """Whose account is erased, so that no task can be made."""
    return await tables.erased_among(transaction, user_ids)


async def amend(
    transaction: Transaction,
    actor: Actor,
    task_id: UUID,
    given: Mapping[str, object],
    now: datetime,
) -> Task:
    """Change fields of an instance so that the series counts from its due date on.

    Raises:
        TaskNotFound: no such task, or it is not the actor's.
        Invalid: a field breaks a rule.
    """
    before = await locked(transaction, actor, task_id)
    fields = await drafted_aside(before, given, now)
    after = before.with_fields(fields, moves_series=True)
    return await save(transaction, actor, topics.TASK_UPDATED, before, after, now)


async def tell(
    transaction: Transaction,
    actor: Actor,
    task_id: UUID,
    differences: dict[str, Change],
    now: datetime,
) -> Task:
    """Tell, as an update of an instance, of what has changed for it in its series.

    Its fields stay as they are, and it has another version.

    Raises:
        TaskNotFound: no such task, it is in the trash, or it is not the actor's.
    """
    before = await locked(transaction, actor, task_id)
    is_touched = before.is_touched or actor.touches
    after = replace(before.next_version(now), is_touched=is_touched)
    await tables.save(transaction, after)
    await record(transaction, actor, topics.TASK_UPDATED, after, differences, now)
    return after


async def withdraw(transaction: Transaction, actor: Actor, task_id: UUID, now: datetime) -> bool:
    """Delete an instance that nobody has touched; False when somebody has, or it is gone."""
    before = await tables.lock(transaction, actor.user_id, task_id)
    if before is None or before.is_deleted or before.version > 1 or before.status == "completed":
        return False
    await save(transaction, actor, topics.TASK_DELETED, before, before.deleted(now), now)
    return True


async def bring_back(
    transaction: Transaction,
    actor: Actor,
    task_id: UUID,
    given: Mapping[str, object],
    now: datetime,
) -> Task | None:
    """Take an instance out of the trash, with other fields; None when it is not there.

    Raises:
        Invalid: a field breaks a rule.
    """
    before = await tables.lock(transaction, actor.user_id, task_id)
    if before is None or not before.is_deleted:
        return None
    restored = await save(transaction, actor, topics.TASK_UPDATED, before, before.restored(), now)
    fields = await drafted_aside(restored, given, now)
    after = restored.with_fields(fields)
    return await save(transaction, actor, topics.TASK_UPDATED, restored, after, now)


def drafted_instance(wish: Wish, now: datetime) -> Task:
    """The task that a wish leads to; its id follows from the series and the occurrence."""
    previous, occurrence = wish.previous, wish.occurrence
    series_id = previous.series_id
    if series_id is None:
        raise Conflict(f"the task {previous.id} belongs to no series")
    fields = Fields(
        title=previous.title,
        description=previous.description,
        priority=previous.priority,
        tags=previous.tags,
        due=due_from(occurrence.at),
        all_day=previous.all_day,
        timezone=previous.timezone,
        recurrence=previous.recurrence,
        reminders=relative_only(previous.reminders),
        floating=previous.floating,
    )
    task = new_task(fields, UUID(int=0), wish.actor.user_id, now)
    task_id = derived_id(series_id, occurrence.date, task.due_at or now)
    task = replace(
        task,
        id=task_id,
        series_id=series_id,
        occurrence_date=occurrence.date,
        is_touched=False,
    )
    return task.due_on_wall(occurrence.wall)
