"""A series as it is at this moment: locked, with whatever its tasks have gone through.

News of tasks comes late; who asks for a change of the series sees it as the tasks are already. A
series whose very first news is still on its way is begun here.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from taskflow.base.errors import NotFound, Stale
from taskflow.base.ids import new_id
from taskflow.db.transaction import Transaction
from taskflow.services.recurring_processor import series, storage
from taskflow.services.recurring_processor.event_consumer import at_home, follow
from taskflow.services.recurring_processor.model import Chain
from taskflow.services.recurring_processor.progress import MOST_OPEN
from taskflow.services.recurring_processor.task_door import TaskDoor, news_of
from taskflow.tasks import queries
from taskflow.tasks.model import Actor, Task


class Present(NamedTuple):
    """A series as it is kept, and as it is."""

    kept: Chain
    chain: Chain


async def brought_up(
    transaction: Transaction,
    actor: Actor,
    series_id: UUID,
    task_id: UUID | None,
    door: TaskDoor,
    now: datetime,
) -> Present:
    """The present state of a person's series, its row and open tasks locked.

    Args:
        transaction: Where to read and write.
        actor: Whose series it has to be.
        series_id: Which.
        task_id: A task that has to be among the chain's, if it is one of the series'.
        door: Makes and takes back what unheard news asks for.
        now: The present.

    Raises:
        NotFound: there is no such series, or it is somebody else's.
    """
    chain = await storage.lock_known(transaction, series_id, task_id)
    if chain is None:
        chain = await _begun(transaction, actor, series_id, now)
    if chain.series.user_id != actor.user_id or chain.series.recurrence is None:
        raise NotFound(f"there is no series {series_id}")
    kept = chain
    for task in await _tasks(transaction, actor, chain, task_id):
        if task.id not in chain.instances:
            known = await storage.find_instance(transaction, task.id)
            if known is not None:
                kept, chain = kept.replacing(known), chain.replacing(known)
        chain = await follow(chain, news_of(actor, task, new_id(now)), door, now)
    return Present(kept, await at_home(chain, door))


def refuse_stale(chain: Chain, if_version: int | None) -> None:
    """Refuse a change that was made to another version of the series.

    Raises:
        Stale: it was.
    """
    present = chain.series.version
    if if_version is not None and if_version != present:
        raise Stale(f"the series {chain.series.id} is at version {present} now; read it again")


async def _begun(transaction: Transaction, actor: Actor, series_id: UUID, now: datetime) -> Chain:
    """The series of tasks that nothing was heard of yet."""
    for status in (None, "deleted"):
        wanted = queries.Filter(series_id=series_id, status=status)
        page = await queries.listing(transaction, actor.user_id, wanted, sort="created_at", limit=1)
        for first in page.tasks:
            fresh = series.begin(first.state(), series_id, now)
            return await storage.lock(transaction, fresh, first.id)
    raise NotFound(f"there is no series {series_id}")


async def _tasks(
    transaction: Transaction, actor: Actor, chain: Chain, task_id: UUID | None
) -> list[Task]:
    """The open tasks, those that are thought to be, and the one that is named; locked."""
    wanted = queries.Filter(series_id=chain.series.id, status="pending")
    page = await queries.listing(transaction, actor.user_id, wanted, limit=MOST_OPEN)
    # A series that was just begun is of the one task that it names.
    named = [chain.series.current_task_id, *([task_id] if task_id else [])]
    ids = {*(task.id for task in page.tasks), *(one.task_id for one in chain.open), *named}
    await queries.hold(transaction, actor.user_id, sorted(ids))
    tasks = await queries.find_all(transaction, actor.user_id, sorted(ids))
    tasks = [task for task in tasks if task.series_id == chain.series.id]
    return sorted(tasks, key=lambda task: (task.updated_at, task.id))
