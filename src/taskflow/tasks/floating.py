"""The commands on floating tasks, whose wall time goes where their owner goes.

They keep what `commands` promises: the caller's transaction, one event for each task that changed.
Who writes a floating task holds its owner's zone first, so that none is left behind when that
changes.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from taskflow.db.transaction import Transaction
from taskflow.events import topics
from taskflow.tasks import tables
from taskflow.tasks.model import Actor, Task
from taskflow.tasks.writing import save

BATCH: Final = 200


async def hold_zone(transaction: Transaction, user_id: UUID) -> None:
    """See to it that nobody changes a user's zone until the transaction ends.

    It comes before any task is locked; a zone that is read afterwards holds.
    """
    await hold_zones(transaction, [user_id])


async def hold_zones(transaction: Transaction, user_ids: Iterable[UUID]) -> None:
    """The same of many users, in the order of their ids."""
    await transaction.rows(tables.SHARE_OWNERS, sorted({*user_ids}))


async def move_floating(
    transaction: Transaction, actor: Actor, timezone: str, now: datetime
) -> int:
    """Give the actor's live floating tasks another zone, their wall time as it was.

    It comes before the account is changed, and waits for those who are just making such tasks.

    Returns:
        How many have moved.
    """
    await transaction.execute(tables.LOCK_OWNER, actor.user_id)
    moved, last = 0, UUID(int=0)
    while tasks := await tables.lock_floating(transaction, actor.user_id, last, BATCH):
        for task in tasks:
            after = await move(transaction, actor, task, timezone, now)
            moved += after.version > task.version
        last = tasks[-1].id
    return moved


async def move(
    transaction: Transaction, actor: Actor, before: Task, timezone: str, now: datetime
) -> Task:
    """Give a floating task, which the transaction has locked, a zone; its wall time stays."""
    after = before.moved_to(timezone)
    actor = replace(actor, touches=False)
    return await save(transaction, actor, topics.TASK_UPDATED, before, after, now)
