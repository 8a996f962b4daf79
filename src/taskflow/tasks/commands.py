"""The only code that writes tasks, whichever door the wish comes through.

Each command works in the caller's transaction, changes rows, bumps the version and appends one
event for each task that changed; one that changes nothing appends none. The row lock makes a task's
events become visible in the order of its versions.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from msgspec.structs import replace

from taskflow.base.errors import Conflict
from taskflow.base.ids import derived_id, new_id
from taskflow.db.transaction import Transaction
from taskflow.events import topics
from taskflow.events.payloads import TaskState
from taskflow.outbox.append import append
from taskflow.tasks import tables
from taskflow.tasks.drafts import DEFAULTS, drafted, first_occurrence_date, relative_only
from taskflow.tasks.erasure import erasure_of
from taskflow.tasks.errors import TaskNotFound
from taskflow.tasks.model import Actor, Fields, Task, due_from, new_task
from taskflow.tasks.writing import locked, record, refuse_stale, save

ERASE_BATCH: Final = 200


class Occurrence(Protocol):
    """When a recurring task is next due, as the recurrence rules give it."""

    @property
    def date(self) -> str:
        """The key of the occurrence within its series."""

    @property
    def at(self) -> object:
        """An instant, or a date for an all-day task."""


async def create(
    transaction: Transaction,
    actor: Actor,
    given: Mapping[str, object],
    now: datetime,
    timezone: str = "UTC",
) -> Task:
    """Create a task from what a person wrote; `timezone` holds where none is given.

    Raises:
        Invalid: a field breaks a rule.
        OwnerErased: the actor's account is gone.
        TooLarge: the task does not fit into one event.
    """
    fields = drafted(replace(DEFAULTS, timezone=timezone), given, now)
    task = new_task(fields, new_id(now), actor.user_id, now)
    if fields.recurrence is not None:
        task = replace(
            task, series_id=new_id(now), occurrence_date=first_occurrence_date(fields, now)
        )
    await tables.insert(transaction, task)
    await record(transaction, actor, topics.TASK_CREATED, task, {}, now)
    return task


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
    task = new_task(fields, UUID(int=0), actor.user_id, now)
    task_id = derived_id(series_id, occurrence.date, task.due_at or now)
    task = replace(task, id=task_id, series_id=series_id, occurrence_date=occurrence.date)
    if not await tables.insert(transaction, task):
        return None
    await record(transaction, actor, topics.TASK_CREATED, task, {}, now)
    return task


async def update(
    transaction: Transaction,
    actor: Actor,
    task_id: UUID,
    given: Mapping[str, object],
    now: datetime,
    if_version: int | None = None,
) -> Task:
    """Change the fields that are given, and leave the others.

    Raises:
        TaskNotFound: no such task, or it is not the actor's.
        TaskStale: it is not at `if_version`.
        Invalid: a field breaks a rule.
    """
    before = await locked(transaction, actor, task_id, if_version)
    return await _rewrite(transaction, actor, before, drafted(before, given, now), now)


async def put(
    transaction: Transaction,
    actor: Actor,
    task_id: UUID,
    given: Mapping[str, object],
    now: datetime,
    if_version: int | None = None,
) -> Task:
    """Replace all fields that a person may write; what is not given takes its default.

    Raises:
        TaskNotFound: no such task, or it is not the actor's.
        TaskStale: it is not at `if_version`.
        Invalid: a field breaks a rule.
    """
    before = await locked(transaction, actor, task_id, if_version)
    blank = replace(DEFAULTS, timezone=before.timezone)
    fields = drafted(blank, given, now, known_reminders=before.reminders)
    return await _rewrite(transaction, actor, before, fields, now)


async def complete(
    transaction: Transaction,
    actor: Actor,
    task_id: UUID,
    at: datetime,
    now: datetime,
    if_version: int | None = None,
) -> Task:
    """Complete a task at an instant; completing it again changes nothing.

    Raises:
        TaskNotFound: no such task, or it is not the actor's.
        TaskStale: it is not at `if_version`.
    """
    before = await locked(transaction, actor, task_id, if_version)
    if before.status == "completed":
        return before
    return await save(transaction, actor, topics.TASK_COMPLETED, before, before.completed(at), now)


async def reopen(
    transaction: Transaction,
    actor: Actor,
    task_id: UUID,
    now: datetime,
    if_version: int | None = None,
) -> Task:
    """Make a completed task pending again; doing it twice changes nothing.

    Raises:
        TaskNotFound: no such task, or it is not the actor's.
        TaskStale: it is not at `if_version`.
    """
    before = await locked(transaction, actor, task_id, if_version)
    return await save(transaction, actor, topics.TASK_UPDATED, before, before.reopened(), now)


async def delete(
    transaction: Transaction,
    actor: Actor,
    task_id: UUID,
    now: datetime,
    if_version: int | None = None,
) -> None:
    """Move a task to the trash; deleting it again changes nothing.

    Raises:
        TaskNotFound: no such task, or it is not the actor's.
        TaskStale: it is not at `if_version`.
    """
    before = await tables.lock(transaction, actor.user_id, task_id)
    if before is None:
        raise TaskNotFound(task_id)
    if before.is_deleted:
        return
    refuse_stale(before, if_version)
    await save(transaction, actor, topics.TASK_DELETED, before, before.deleted(now), now)


async def restore(transaction: Transaction, actor: Actor, task_id: UUID, now: datetime) -> Task:
    """Take a task out of the trash; one that is not in it stays as it is.

    Raises:
        TaskNotFound: no such task, or it is not the actor's.
    """
    before = await tables.lock(transaction, actor.user_id, task_id)
    if before is None:
        raise TaskNotFound(task_id)
    return await save(transaction, actor, topics.TASK_UPDATED, before, before.restored(), now)


async def withdraw(transaction: Transaction, actor: Actor, task_id: UUID, now: datetime) -> bool:
    """Delete an instance that nobody has touched; False when somebody has, or it is gone."""
    before = await tables.lock(transaction, actor.user_id, task_id)
    if before is None or before.is_deleted or before.version > 1 or before.status == "completed":
        return False
    await save(transaction, actor, topics.TASK_DELETED, before, before.deleted(now), now)
    return True


async def erase_all(transaction: Transaction, actor: Actor, now: datetime) -> int:
    """Remove every task of the actor's for good, tell, and let none be made; returns how many."""
    await tables.close_owner(transaction, actor.user_id, now)
    erased = 0
    while tasks := await tables.lock_some_of(transaction, actor.user_id, ERASE_BATCH):
        for task in tasks:
            if not task.is_deleted:
                await save(transaction, actor, topics.TASK_DELETED, task, task.deleted(now), now)
        await tables.erase(transaction, [task.id for task in tasks])
        erased += len(tasks)
    told = erasure_of(actor, new_id(now), new_id(now), now)
    await append(transaction, told, traceparent=actor.traceparent)
    return erased


async def purge_trash(transaction: Transaction, deleted_before: datetime, limit: int) -> int:
    """Remove what has been in the trash too long; its deletion has been told of already."""
    return await tables.purge(transaction, deleted_before, limit)


async def _rewrite(
    transaction: Transaction, actor: Actor, before: Task, fields: Fields, now: datetime
) -> Task:
    """Save new fields; a task that begins to recur begins a series."""
    after = before.with_fields(fields)
    if fields.recurrence is not None and before.recurrence is None:
        after = replace(
            after, series_id=new_id(now), occurrence_date=first_occurrence_date(fields, now)
        )
    return await save(transaction, actor, topics.TASK_UPDATED, before, after, now)
