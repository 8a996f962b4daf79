"""Follows the tasks of many series in one go: one statement for what each would need one for.

What is plain (one piece of news of a known series, that makes a task or none) is done together. The
rest follows one by one, and so does all of it where an occurrence turns out to be taken.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from prometheus_client import Counter

from taskflow.base.clock import Clock
from taskflow.chassis.handlers import Delivery
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskState
from taskflow.services.recurring_processor import history_storage, storage
from taskflow.services.recurring_processor.event_consumer import Continuation, follow
from taskflow.services.recurring_processor.holding import hold
from taskflow.services.recurring_processor.model import Chain, Instance, Series
from taskflow.services.recurring_processor.task_door import system_actor
from taskflow.tasks import instance_commands
from taskflow.tasks.instance_commands import Wish
from taskflow.tasks.model import Actor
from taskflow.tasks.recurrence import Occurrence

# Events that share a transaction.
AT_ONCE: Final = 50


class Intricate(Exception):
    """It cannot be done together with others."""


class Together:
    """Follows batches of news.

    Args:
        continuation: Follows a single one.
        clock: The time.
        made: Counts instances.
    """

    def __init__(self, continuation: Continuation, clock: Clock, made: Counter) -> None:
        self._continuation = continuation
        self._clock = clock
        self._made = made

    async def follow(self, transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        """Bring the series of several events' tasks up to date, in one transaction."""
        known = await storage.find_instances(transaction, [one.event.task_id for one in deliveries])
        fresh = [one for one in deliveries if _is_news(one, known.get(one.event.task_id))]
        fresh.sort(key=lambda one: str(one.event.task.series_id))
        rest = fresh
        if len(fresh) > 1:
            if not all(_is_known(one, known.get(one.event.task_id)) for one in fresh):
                await hold(transaction, fresh, known, self._clock.now())
            try:
                async with transaction.savepoint():
                    rest = await self._together(transaction, fresh, known)
            except Intricate:
                rest = fresh
        for delivery in rest:
            await self._continuation.follow(delivery)

    async def _together(
        self,
        transaction: Transaction,
        fresh: Sequence[Delivery],
        known: dict[UUID, Instance],
    ) -> list[Delivery]:
        """Do what is plain; returns the rest.

        Raises:
            Intricate: it cannot be done so after all, and nothing of it may stay.
        """
        plain: dict[UUID, Delivery] = {}
        for one in fresh:
            instance, series_id = known.get(one.event.task_id), one.event.task.series_id
            if series_id and instance is not None and instance.series_id == series_id:
                plain.setdefault(series_id, one)
        wanted = {series_id: one.event.task_id for series_id, one in plain.items()}
        before = await storage.lock_many(transaction, wanted)
        after: list[Chain] = []
        done: list[Delivery] = []
        door = Drafts(transaction, self._clock)
        # In a thread: to follow long rules may take a while.
        await asyncio.to_thread(door.follow_all, before, plain, after, done)
        await door.make_all()
        await storage.save_many(transaction, before, after)
        transaction.after_commit(lambda: self._made.inc(len(door.wishes)))
        return [one for one in fresh if one not in done]


class Drafts:
    """A door to tasks that only drafts them, until all are made together.

    Args:
        transaction: Where to write.
        clock: The time.
    """

    def __init__(self, transaction: Transaction, clock: Clock) -> None:
        self.wishes: list[Wish] = []
        self._transaction = transaction
        self._now = clock.now()
        self._actor: Actor | None = None
        self._drafted: list[Wish] = []
        self._wanted: list[tuple[Series, Occurrence]] = []
        self._asked: list[tuple[Series, Occurrence]] = []

    def follow_all(
        self,
        before: Sequence[Chain],
        plain: Mapping[UUID, Delivery],
        after: list[Chain],
        done: list[Delivery],
    ) -> None:
        """Add what each series is after its event, and each event that was so plain."""
        for chain in before:
            delivery = plain[chain.series.id]
            try:
                after.append(self.followed(chain, delivery))
            except Intricate:
                after.append(chain)
            else:
                done.append(delivery)

    def followed(self, chain: Chain, delivery: Delivery) -> Chain:
        """What a series is after an event.

        Raises:
            Intricate: it asks for more than a new task.
        """
        event = delivery.event
        self._actor = system_actor(
            event.user_id, event.correlation_id, event.event_id, delivery.traceparent
        )
        self._drafted, self._asked = [], []
        after = _at_once(follow(chain, event, self, self._now))
        self.wishes += self._drafted
        self._wanted += self._asked
        return after

    async def make_all(self) -> None:
        """Make what was drafted.

        Raises:
            Intricate: an occurrence may have had its task already, or an owner is gone.
        """
        if not self.wishes:
            return
        if await history_storage.standing(self._transaction, self._wanted):
            raise Intricate
        made = await instance_commands.create_instances(self._transaction, self.wishes, self._now)
        if len(made) != len(self.wishes):
            raise Intricate

    async def standing(self, series: Series, occurrence: Occurrence) -> list[Instance]:
        """Taken for free until all are made; then it is asked for all of them at once."""
        self._asked.append((series, occurrence))
        return []

    async def zone(self) -> str:
        """Not looked up here: it would come after tasks that are locked."""
        raise Intricate

    async def make(self, pattern: TaskState, occurrence: Occurrence) -> TaskState | None:
        """Draft the task of an occurrence."""
        if self._actor is None or pattern.floating:
            raise Intricate
        wish = Wish(self._actor, pattern, occurrence)
        self._drafted.append(wish)
        return instance_commands.drafted_instance(wish, self._now).state()

    async def withdraw(self, instance: Instance) -> bool:
        """Nothing is taken back here."""
        raise Intricate(str(instance.task_id))


def _at_once(coroutine: Coroutine[Any, Any, Chain]) -> Chain:
    """The result of a coroutine whose door only drafts, so that there is nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        found: Chain = end.value
        return found
    coroutine.close()
    raise Intricate


def _is_known(delivery: Delivery, known: Instance | None) -> bool:
    """Whether news is of a known series alone, which is locked with the others of its kind."""
    task = delivery.event.task
    return known is not None and known.series_id == task.series_id and not task.floating


def _is_news(delivery: Delivery, known: Instance | None) -> bool:
    event = delivery.event
    return event.task.series_id is not None and (known is None or known.version < event.version)
