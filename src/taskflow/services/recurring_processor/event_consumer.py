"""Follows the tasks of each series, and makes or takes back the next one.

The row of the series is locked first, so that events of one series are handled one after the other.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Final, Protocol
from uuid import UUID

from prometheus_client import Counter

from taskflow.base.clock import Clock
from taskflow.base.errors import Conflict
from taskflow.chassis.handlers import Delivery
from taskflow.events.payloads import TaskEvent, TaskState
from taskflow.services.recurring_processor import series, storage
from taskflow.services.recurring_processor.anchoring import on_wall
from taskflow.services.recurring_processor.model import Chain, Instance, Series
from taskflow.services.recurring_processor.patterns import pattern
from taskflow.services.recurring_processor.pauses import come_back, taken_back
from taskflow.services.recurring_processor.progress import going_on, over, passed_over, settled
from taskflow.services.recurring_processor.taken import free
from taskflow.services.recurring_processor.task_door import TaskDoor
from taskflow.tasks.errors import OwnerErased
from taskflow.tasks.floating import hold_zone
from taskflow.tasks.recurrence import Occurrence

# Occurrences in a row that have had their task already; more than that is a fault, not a series.
MOST_PASSED: Final = 1_000


class Door(Protocol):
    """What may be done to the tasks of a series."""

    async def standing(self, series: Series, occurrence: Occurrence) -> Sequence[Instance]:
        """The tasks that may be that of an occurrence, none of them taken back."""
        ...

    async def zone(self) -> str:
        """Where the owner of what floats is, held until the transaction ends."""
        ...

    async def make(self, pattern: TaskState, occurrence: Occurrence) -> TaskState | None:
        """Make the task of an occurrence, or bring it back; None when somebody else has it."""
        ...

    async def withdraw(self, instance: Instance) -> bool:
        """Take a task back; False when somebody has touched it."""
        ...


def is_of_series(event: TaskEvent) -> bool:
    """Whether an event tells of a task that is part of a series, or was."""
    return event.task.series_id is not None


class Continuation:
    """Continues series.

    Args:
        clock: The time.
        made: Counts instances.
    """

    def __init__(self, clock: Clock, made: Counter) -> None:
        self._clock = clock
        self._made = made

    async def follow(self, delivery: Delivery) -> None:
        """Bring the series of an event's task up to date."""
        event, transaction = delivery.event, delivery.transaction
        series_id = event.task.series_id
        known = await storage.find_instance(transaction, event.task_id)
        if series_id is None or (known is not None and known.version >= event.version):
            return
        if known is not None and known.series_id != series_id:
            await self._follow_in(delivery, known.series_id)
        await self._follow_in(delivery, series_id)

    async def _follow_in(self, delivery: Delivery, series_id: UUID) -> None:
        transaction, event, now = delivery.transaction, delivery.event, self._clock.now()
        if event.task.floating:
            await hold_zone(transaction, event.user_id)  # Before any task is locked.
        door = TaskDoor.of(delivery, now)
        fresh = series.begin(event.task, series_id, now)
        before = await storage.lock(transaction, fresh, event.task_id)
        if not await door.has_tasks(event.user_id, series_id):
            await storage.forget(transaction, series_id)
            return
        try:
            after = await follow(before, event, door, now)
        except OwnerErased:
            await storage.forget(transaction, series_id)
            return
        await storage.save(transaction, before, after)
        transaction.after_commit(lambda: self._made.inc(door.made))


async def follow(chain: Chain, event: TaskEvent, door: Door, now: datetime) -> Chain:
    """What a series is after an event, its tasks made and taken back accordingly.

    Raises:
        Conflict: a thousand occurrences in a row have their tasks already.
    """
    seen = series.sighting(chain, event)
    if seen is None:
        return chain
    for step in series.steps(chain.instances.get(seen.task_id), seen):
        chain = await taken_in(chain, step, event, door, now)
    return settled(chain, now)


async def taken_in(
    chain: Chain,
    step: Instance,
    event: TaskEvent,
    door: Door,
    now: datetime,
    *,
    restarts: bool = True,
) -> Chain:
    """A series after one step of one of its tasks."""
    known = chain.instances.get(step.task_id)
    if step.is_open:
        chain = going_on(chain)
    chain = series.adopted(chain, step, event.task, restarts=restarts)
    for instance in series.superseded(chain, known, step):
        chain = await withdrawn(chain, instance, door)
    if known is not None:
        chain = come_back(chain, known)
    if series.lacks_next(chain, known, step):
        return await with_next(chain, step, event.timestamp, door, now)
    return chain


async def at_home(chain: Chain, door: Door) -> Chain:
    """A series that floats, where its owner is by now, though no task of it may have gone along."""
    if not chain.series.floating:
        return chain
    return Chain(on_wall(chain.series, await door.zone()), chain.instances)


async def withdrawn(chain: Chain, instance: Instance, door: Door) -> Chain:
    """A series after a task of it was taken back, or was found to be somebody's."""
    if not await door.withdraw(instance):
        # One that floats may only have gone along with its owner, which news on its way will tell.
        return chain if chain.series.floating else chain.keeping(instance.touched())
    return taken_back(chain, instance)


async def with_next(
    chain: Chain, step: Instance, closed_at: datetime, door: Door, now: datetime
) -> Chain:
    """A series with the task that follows one that has closed, unless it is over.

    Raises:
        Conflict: a thousand occurrences in a row have their tasks already.
    """
    chain = await at_home(going_on(chain), door)
    found = series.candidates(chain, step, closed_at, now)
    for occurrence in islice(found, MOST_PASSED):
        known = {one.task_id: one for one in await door.standing(chain.series, occurrence)}
        # What this transaction does to a task may not be written yet.
        tasks = list((known | dict(chain.instances)).values())
        for one in free(chain.series, [occurrence], tasks).values():
            task = await door.make(pattern(chain.series), one)
            if task is not None:
                return series.made(chain, one, task, passed_over(chain, one))
    if next(found, None) is not None:
        raise Conflict(f"the series {chain.series.id} finds no occurrence that is free")
    return over(chain)
