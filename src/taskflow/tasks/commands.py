"""The only code that writes tasks, with `instance_commands`, whichever door the wish comes through.

Each command works in the caller's transaction, changes rows, bumps the version and appends one
event for each task that changed; one that changes nothing appends none. The row lock makes a task's
events become visible in the order of its versions.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from taskflow.base.ids import new_id
from taskflow.db.transaction import Transaction
from taskflow.events import topics
from taskflow.outbox.append import append
from taskflow.tasks import tables
from taskflow.tasks.drafting import drafted_aside
from taskflow.tasks.drafts import DEFAULTS, first_occurrence_date
from taskflow.tasks.erasure import erasure_of
from taskflow.tasks.errors import TaskNotFound
from taskflow.tasks.model import Actor, Fields, Task, new_task
from taskflow.tasks.writing import locked, record, refuse_second, refuse_stale, save

ERASE_BATCH: Final = 200


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
    fields = await drafted_aside(replace(DEFAULTS, timezone=timezone), given, now)
    task = new_task(fields, new_id(now), actor.user_id, now)
    if fields.recurrence is not None:
        task = replace(
            task, series_id=new_id(now), occurrence_date=first_occurrence_date(fields, now)
        )
    await tables.insert(transaction, task)
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
    fields = await drafted_aside(before, given, now)
    return await _rewrite(transaction, actor, before, fields, now)


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
    fields = await drafted_aside(blank, given, now, known_reminders=before.reminders)
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
        SeriesHasOpen: an earlier task of a series that shows one at a time is open.
    """
    before = await locked(transaction, actor, task_id, if_version)
    after = before.reopened()
    await refuse_second(transaction, before, after, beside_later=True)
    return await save(transaction, actor, topics.TASK_UPDATED, before, after, now)


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
        SeriesHasOpen: another task of a series that shows one at a time is open, and touched.
    """
    before = await tables.lock(transaction, actor.user_id, task_id)
    if before is None:
        raise TaskNotFound(task_id)
    after = before.restored()
    await refuse_second(transaction, before, after)
    return await save(transaction, actor, topics.TASK_UPDATED, before, after, now)


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
