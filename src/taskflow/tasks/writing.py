"""What every command on tasks begins and ends with: the locked row, the write and its event."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from taskflow.base.ids import new_id
from taskflow.db.transaction import Transaction
from taskflow.events import topics
from taskflow.events.payloads import Change, EventType
from taskflow.outbox.append import append
from taskflow.tasks import tables
from taskflow.tasks.errors import SeriesHasOpen, TaskNotFound, TaskStale
from taskflow.tasks.model import Actor, Task, changes, event_of


async def locked(
    transaction: Transaction, actor: Actor, task_id: UUID, if_version: int | None = None
) -> Task:
    """A task that is to be changed, its row locked until the transaction ends.

    Raises:
        TaskNotFound: no such task, it is in the trash, or it is not the actor's.
        TaskStale: it is not at `if_version`.
    """
    task = await tables.lock(transaction, actor.user_id, task_id)
    if task is None or task.is_deleted:
        raise TaskNotFound(task_id)
    refuse_stale(task, if_version)
    return task


def refuse_stale(task: Task, if_version: int | None) -> None:
    """Refuse a change that was made to another version.

    Raises:
        TaskStale: it was.
    """
    if if_version is not None and if_version != task.version:
        raise TaskStale(task.id, task.version)


async def refuse_second(
    transaction: Transaction, before: Task, after: Task, *, beside_later: bool = False
) -> None:
    """Refuse to open a task again where another one of its series is open, and stays so.

    One that nobody has touched makes room for it, as the series is told of it. One that has been
    open beside it when a person put it away stays so.

    Args:
        transaction: Where the others are looked up.
        before: The task, as it was.
        after: The task, as it is to be.
        beside_later: Whether one that was made later may stay open beside it.

    Raises:
        SeriesHasOpen: there is such another one.
    """
    recurrence = after.recurrence
    if before.is_open or not after.is_open or recurrence is None or after.series_id is None:
        return
    if recurrence.policy == "pile_up":
        return
    closed_at = before.deleted_at or before.completed_at or before.updated_at
    other = await tables.stands_beside(
        transaction,
        after,
        # What nobody has touched was taken back, and not by a person.
        written_since=min(closed_at, before.updated_at) if before.is_touched else None,
        made_by=after.created_at if beside_later else None,
    )
    if other is not None:
        raise SeriesHasOpen(other.id, other.title)


async def save(
    transaction: Transaction,
    actor: Actor,
    event_type: EventType,
    before: Task,
    after: Task,
    now: datetime,
) -> Task:
    """Write what differs, and tell of it; where nothing differs, nothing happens."""
    differences = changes(before, after)
    if not differences:
        return before
    after = replace(after.next_version(now), is_touched=before.is_touched or actor.touches)
    await tables.save(transaction, after)
    told = before.next_version(now) if event_type == topics.TASK_DELETED else after
    await record(transaction, actor, event_type, told, differences, now)
    return after


async def record(
    transaction: Transaction,
    actor: Actor,
    event_type: EventType,
    task: Task,
    differences: dict[str, Change],
    now: datetime,
) -> None:
    """Append the event that tells of a change."""
    event = event_of(actor, event_type, task, differences, new_id(now))
    await append(transaction, event, traceparent=actor.traceparent)
