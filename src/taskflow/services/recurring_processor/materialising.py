"""Makes the tasks of series that pile up, each when it is due, whoever has done the one before.

The loop sleeps until the earliest moment that any series waits for, and is woken when one changes;
now and then it looks by itself. Replicas share the work: each claims rows that no other has, and a
task's id follows from its series and occurrence, so none is made twice.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import structlog
from msgspec.structs import replace
from prometheus_client import Counter

from taskflow.base.clock import Clock, monotonic
from taskflow.base.errors import Invalid, TaskFlowError, Unavailable
from taskflow.base.ids import new_id
from taskflow.chassis.homes import zones_of
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskState
from taskflow.services.recurring_processor import due_storage, history_storage, series, storage
from taskflow.services.recurring_processor.anchoring import on_wall
from taskflow.services.recurring_processor.model import Chain, Instance, Missed
from taskflow.services.recurring_processor.patterns import pattern
from taskflow.services.recurring_processor.progress import (
    MOST_OPEN,
    Overdue,
    overdue,
    settled,
    waiting,
)
from taskflow.services.recurring_processor.taken import free
from taskflow.services.recurring_processor.task_door import TaskDoor, system_actor
from taskflow.tasks import instance_commands
from taskflow.tasks.instance_commands import Wish
from taskflow.tasks.model import Actor
from taskflow.tasks.recurrence import Occurrence

AT_ONCE: Final = 200
# So long a round follows rules; then it makes what it has found, and gives its connection back.
MOST_SECONDS: Final = 1.0
AWAY_SECONDS: Final = 0.5
CONTENDED_SECONDS: Final = 0.05
# Another process may have changed a series, and nobody tells this one of it.
LOOK_SECONDS: Final = 20.0
# A series of which nothing can be made is looked at again after a while; an edit brings it sooner.
PUT_OFF: Final = timedelta(hours=1)

log = structlog.get_logger()
Key = tuple[UUID, str]


class Due(NamedTuple):
    """A claimed series, and what is to be made of it."""

    chain: Chain
    overdue: Overdue


class Materialiser:
    """The loop that makes what is due.

    Args:
        database: Where series and tasks are.
        clock: The time.
        made: Counts instances.
        look_seconds: How often the table is read, whatever the bell says.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        made: Counter,
        *,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._made = made
        self._look_seconds = look_seconds

    async def run(self) -> None:
        """Make what is due until cancelled; what was due while we were away comes first."""
        while True:
            try:
                if not await self.round():
                    await self._sleep()
            except Unavailable as error:
                log.warning("recurring.waiting", reason=error.detail)
                await asyncio.sleep(AWAY_SECONDS)

    async def round(self) -> int:
        """Make what is due of some series; returns of how many, 0 when no more can be had.

        Raises:
            Unavailable: the database is away.
        """
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            claimed = await due_storage.claim(transaction, now, AT_ONCE)
            if claimed:
                chains = await _at_home(transaction, claimed)
                # In a thread: to follow long rules may take a while, and nobody need wait.
                due = await asyncio.to_thread(_all_overdue, chains, now)
                due = await _with_room(transaction, due, now)
                count = await _make_or_put_off(transaction, due, now) if due else 0
                transaction.after_commit(lambda: self._made.inc(count))
        return len(claimed)

    async def _sleep(self) -> None:
        """Wait for the next moment, or for a series that changes."""
        async with self._database.transaction(read_only=True) as transaction:
            following = await due_storage.next_at(transaction)
        seconds = self._look_seconds
        if following is not None:
            seconds = min(seconds, (following - self._clock.now()).total_seconds())
        # What is due and could not be had is held by somebody else just now.
        await self._database.hints.wait(storage.BELL, max(seconds, CONTENDED_SECONDS))


async def _at_home(transaction: Transaction, chains: Sequence[Chain]) -> list[Chain]:
    """Series, those that float where their owners are by now."""
    floating = {one.series.user_id for one in chains if one.series.floating}
    zones = await zones_of(transaction, floating) if floating else {}
    return [
        Chain(on_wall(one.series, zones[one.series.user_id]), one.instances)
        if one.series.floating
        else one
        for one in chains
    ]


def _all_overdue(chains: Sequence[Chain], now: datetime) -> list[Due]:
    """What is due of series, as far as one round goes; the rest stays due for the next one."""
    due = list[Due]()
    begun = monotonic()
    for chain in chains:
        due.append(Due(chain, _overdue(chain, now)))
        if monotonic() - begun > MOST_SECONDS:
            break
    return due


def _overdue(chain: Chain, now: datetime) -> Overdue:
    try:
        return overdue(chain, now)
    except Invalid as error:
        log.warning("recurring.endless", series_id=str(chain.series.id), reason=error.detail)
        return Overdue([])


def _all_settled(chains: Sequence[Chain], now: datetime) -> list[Chain]:
    return [settled(chain, now) for chain in chains]


async def _with_room(transaction: Transaction, due: list[Due], now: datetime) -> list[Due]:
    """What there is room for; a series that has none waits until a task of it closes."""
    # Whoever has had fewer tasks cannot have more of them open.
    long = [one.chain for one in due if one.chain.last and _may_be_full(one.chain.last, one)]
    found = await due_storage.open_of(transaction, [one.series.id for one in long], MOST_OPEN)
    full = [one for one in long if found[one.series.id] >= MOST_OPEN]
    if full:
        await storage.write(transaction, [waiting(one, now) for one in full])
    return [
        Due(chain, all_of_it.within(MOST_OPEN - found.get(chain.series.id, 0)))
        for chain, all_of_it in due
        if chain not in full
    ]


def _may_be_full(last: Instance, due: Due) -> bool:
    return last.position + len(due.overdue.occurrences) > MOST_OPEN


async def _make_or_put_off(transaction: Transaction, due: list[Due], now: datetime) -> int:
    """Make what is due; one series of which that fails is put off, and holds up no other."""
    try:
        async with transaction.savepoint():
            return await _make(transaction, due, now)
    except Unavailable:
        raise
    except TaskFlowError as error:
        if len(due) > 1:
            return sum([await _make_or_put_off(transaction, [one], now) for one in due])
        known = due[0].chain.series
        log.warning("recurring.put_off", series_id=str(known.id), reason=error.detail)
        await storage.write(transaction, [replace(known, next_at=now + PUT_OFF)])
        return 0


async def _make(transaction: Transaction, due: list[Due], now: datetime) -> int:
    """Make what is due and note how far each series has come; returns how many tasks were made."""
    wanted = [(one.chain.series, each) for one in due for each in one.overdue.occurrences]
    known = await history_storage.standing(transaction, wanted)
    owners = {one.chain.series.user_id for one in due}
    to_make = await asyncio.to_thread(_all_free, due, known)
    making = Making(transaction, to_make, str(new_id(now)), now)
    await making.begin(due)
    gone = await instance_commands.owners_gone(transaction, sorted(owners))
    chains = []
    for one in due:
        if one.chain.series.user_id in gone:
            await storage.forget(transaction, one.chain.series.id)
        else:
            chains.append(await making.advanced(one))
    chains = await asyncio.to_thread(_all_settled, chains, now)
    await storage.write(transaction, [chain.series for chain in chains])
    before = {task_id for one in due for task_id in one.chain.instances}
    new = [one for chain in chains for one in chain.instances.values() if one.task_id not in before]
    await storage.keep(transaction, *new)
    return len(new)


def _all_free(due: Sequence[Due], known: Sequence[Instance]) -> dict[Key, Occurrence]:
    """What of all that is due has no task yet, by its series and key."""
    return {
        (one.chain.series.id, date): occurrence
        for one in due
        for date, occurrence in free(one.chain.series, one.overdue.occurrences, known).items()
    }


class Making:
    """The tasks of many series, made together.

    Args:
        transaction: Where to write.
        free: The occurrences that have no task yet, under the keys that theirs are to have.
        correlation_id: What all of it belongs to.
        now: When it is made.
    """

    def __init__(
        self,
        transaction: Transaction,
        free: Mapping[Key, Occurrence],
        correlation_id: str,
        now: datetime,
    ) -> None:
        self._transaction = transaction
        self._free = free
        self._correlation_id = correlation_id
        self._now = now
        self._made: dict[Key, TaskState] = {}

    async def begin(self, due: Sequence[Due]) -> None:
        """Make all that was never made, but for what floats, which needs its owner's zone."""
        wishes = [
            Wish(self._actor(one.chain), pattern(one.chain.series), occurrence)
            for one in due
            for each in one.overdue.occurrences
            if not one.chain.series.floating and (occurrence := self._of(one.chain, each))
        ]
        tasks = await instance_commands.create_instances(self._transaction, wishes, self._now)
        for task in tasks:
            if task.series_id is not None and task.occurrence_date is not None:
                self._made[task.series_id, task.occurrence_date] = task.state()

    async def advanced(self, due: Due) -> Chain:
        """A series with what was made of it, to be settled; what was withdrawn is brought back."""
        chain, missed, task = due.chain, due.overdue.missed, None
        for each in due.overdue.occurrences:
            occurrence = self._of(chain, each)
            task = self._made.get((chain.series.id, occurrence.date)) if occurrence else None
            if task is None and occurrence is not None:
                door = TaskDoor(self._transaction, self._actor(chain), self._now)
                task = await door.make(pattern(chain.series), occurrence)
            if task is not None and occurrence is not None:
                chain = series.made(chain, occurrence, task, missed)
                missed = Missed()
        if task is None:
            # The newest has had its task, or none can be found: only what is to come can follow.
            chain = chain.with_series(resumed_at=self._now)
        return chain.with_series(version=due.chain.series.version + 1)

    def _actor(self, chain: Chain) -> Actor:
        return system_actor(chain.series.user_id, self._correlation_id)

    def _of(self, chain: Chain, occurrence: Occurrence) -> Occurrence | None:
        return self._free.get((chain.series.id, occurrence.date))
