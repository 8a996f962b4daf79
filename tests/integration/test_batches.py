"""Several events in one transaction: each has its effect once, and what is wrong with one is felt
by no other."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from tests.fresh import fresh_database
from tests.planning import Wall, make_event, make_task

from taskflow.base.errors import Unavailable
from taskflow.bus.memory import Limits, MemoryBus
from taskflow.bus.message import Message
from taskflow.bus.ports import Outcome, Verdict
from taskflow.chassis.consumer import Consumer
from taskflow.chassis.handlers import BATCH_SIZE, Batches, Delivery
from taskflow.chassis.metrics import Metrics
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.events.envelope import encode, wrap
from taskflow.events.payloads import TaskEvent
from taskflow.inbox import dead_letters

PATIENCE_SECONDS = 20
RETRIES = 3
# An effect that is seen: a row for every time that an event was handled and committed.
EFFECT = """
INSERT INTO delivery.dead_letters
VALUES ('effect', gen_random_uuid(), '', $1, '', '', clock_timestamp())
"""
EFFECTS = "SELECT key FROM delivery.dead_letters WHERE consumer = 'effect' ORDER BY key"
MARKS = "SELECT count(*) FROM delivery.inbox"


def make_messages(*keys: int) -> list[Message]:
    """An event of each of these tasks."""
    return [_message(place, key) for place, key in enumerate(keys, 1)]


def _message(place: int, key: int) -> Message:
    task = replace(make_task(), id=UUID(int=key), version=place, title=str(place))
    event = make_event(task, Wall().at, "task.updated")
    return Message(place, wrap(event).topic, str(task.id), encode(wrap(event)))


class Service:
    """A consumer that notes what it has handled, and fails at what it is told to."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.metrics = Metrics("ours")
        self.failing: dict[str, list[Exception]] = {}
        self.done: list[str] = []
        self.sizes: list[int] = []
        consumer = Consumer("ours", database, Wall(), self.metrics)
        self.subscription = consumer.subscribe(Batches(handle=self._handle))
        batches = Batches(handle=self._handle, is_idempotent=True)
        self.trail = Consumer("trail", database, Wall(), Metrics("trail")).subscribe(batches)

    async def verdicts(self, messages: Sequence[Message]) -> list[Verdict]:
        outcomes: Sequence[Outcome] = await self.subscription.handle(messages)
        return [outcome.verdict for outcome in outcomes]

    async def effects(self) -> list[str]:
        return [row["key"] for row in await self._rows(EFFECTS)]

    async def marks(self) -> int:
        (row,) = await self._rows(MARKS)
        marks: int = row["count"]
        return marks

    async def letters(self) -> list[dead_letters.DeadLetter]:
        async with self.database.transaction(read_only=True) as transaction:
            return await dead_letters.listing(transaction, "ours", 100)

    async def _rows(self, statement: str) -> list[Any]:
        async with self.database.transaction(read_only=True) as transaction:
            return await transaction.rows(statement)

    async def _handle(self, transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        self.sizes.append(len(deliveries))
        for delivery in deliveries:
            await self._effect(transaction, delivery.event)

    async def _effect(self, transaction: Transaction, event: TaskEvent) -> None:
        title = event.task.title
        await transaction.execute(EFFECT, title)
        transaction.after_commit(lambda: self.done.append(title))
        if failures := self.failing.get(title):
            raise failures.pop(0)


@pytest.fixture
async def service(dsn: str) -> AsyncIterator[Service]:
    async with fresh_database(dsn) as database:
        yield Service(database)


@asynccontextmanager
async def delivering(service: Service, messages: Sequence[Message]) -> AsyncIterator[None]:
    """Leaves once the bus has settled all messages, which wait when it begins."""
    limits = Limits(retry_delays=(0.01,) * RETRIES)
    bus = MemoryBus(_nothing, limits)
    bus.subscribe(service.subscription)
    await bus.publish(messages)
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(bus.run())
        settled: set[int] = set()
        while len(settled) < len(messages):
            settled |= set(await bus.settled())
        yield
        await bus.stop()


async def _nothing(_positions: Sequence[int]) -> list[Message]:
    return []


async def test_what_waits_is_committed_at_once_and_what_was_asked_for_happens_in_order(
    service: Service,
) -> None:
    assert await service.verdicts(make_messages(1, 2, 1, 3)) == [Verdict.DONE] * 4
    assert service.sizes == [4]
    assert service.done == ["1", "2", "3", "4"]
    assert (await service.effects(), await service.marks()) == (["1", "2", "3", "4"], 4)


async def test_what_needs_a_transaction_of_its_own_shares_none(service: Service) -> None:
    batches = Batches(
        handle=service._handle, alone=lambda event: event.task_id == UUID(int=2), size=BATCH_SIZE
    )
    consumer = Consumer("alone", service.database, Wall(), Metrics("alone"))
    subscription = consumer.subscribe(batches)
    for keys in ((1, 3), (1, 2, 3)):
        outcomes = await subscription.handle(make_messages(*keys))
        assert [outcome.verdict for outcome in outcomes] == [Verdict.DONE] * len(keys)
    assert service.sizes == [2, 1, 1, 1]


async def test_an_event_that_always_fails_is_set_aside_alone_and_once(service: Service) -> None:
    service.failing["3"] = [ZeroDivisionError("broken") for _ in range(100)]
    async with delivering(service, make_messages(*range(1, 11))):
        (letter,) = await service.letters()
    assert (letter.key, letter.reason) == (str(UUID(int=3)), "ZeroDivisionError: broken")
    assert await service.effects() == sorted({str(place) for place in range(1, 11)} - {"3"})
    # At first with the others, then by itself, and once for each retry.
    assert len(service.failing["3"]) == 100 - 1 - 1 - RETRIES


async def test_an_outage_undoes_a_batch_whole_and_all_of_it_comes_again(service: Service) -> None:
    messages = make_messages(1, 2, 3)
    service.failing["3"] = [Unavailable("the database is away")]
    assert await service.verdicts(messages) == [Verdict.AWAY] * 3
    assert (await service.effects(), await service.marks(), service.done) == ([], 0, [])
    assert await service.verdicts(messages) == [Verdict.DONE] * 3
    assert await service.effects() == ["1", "2", "3"]


async def test_an_outage_that_begins_while_events_are_tried_singly_is_not_waited_for_again(
    service: Service,
) -> None:
    service.failing = {"1": [ZeroDivisionError()] * 2, "2": [Unavailable("the database is away")]}
    verdicts = await service.verdicts(make_messages(1, 2, 3))
    assert verdicts == [Verdict.RETRY, Verdict.AWAY, Verdict.AWAY]
    assert (service.sizes, await service.marks()) == ([3, 1, 1], 0)


async def test_an_event_that_is_in_a_batch_twice_has_its_effect_once(service: Service) -> None:
    first, second = make_messages(1, 2)
    assert await service.verdicts([first, first, second, first]) == [Verdict.DONE] * 4
    assert await service.verdicts([second, first]) == [Verdict.DONE] * 2
    assert service.done == ["1", "2"]
    duplicates = "taskflow_events_duplicate_total"
    assert service.metrics.registry.get_sample_value(duplicates, {"consumer": "ours"}) == 4


async def test_more_than_a_service_takes_at_once_is_handled_singly(service: Service) -> None:
    most = BATCH_SIZE + 1
    assert await service.verdicts(make_messages(*range(1, most + 1))) == [Verdict.DONE] * most
    assert service.sizes == [1] * most


async def test_what_follows_a_failure_of_its_task_is_held_and_other_tasks_are_not(
    service: Service,
) -> None:
    service.failing["1"] = [ZeroDivisionError()] * 2
    verdicts = await service.verdicts(make_messages(1, 1, 2, 1))
    assert verdicts == [Verdict.RETRY, Verdict.HELD, Verdict.DONE, Verdict.HELD]
    assert service.done == ["3"]


async def test_what_minds_no_order_waits_for_no_failure(service: Service) -> None:
    service.failing["1"] = [ZeroDivisionError()] * 2
    outcomes = await service.trail.handle(make_messages(1, 1))
    assert [outcome.verdict for outcome in outcomes] == [Verdict.RETRY, Verdict.DONE]
    assert (service.done, await service.marks()) == (["2"], 0)


@pytest.mark.parametrize(("failures", "first"), [(3, ["1", "3"]), (100, ["3"])])
async def test_no_event_overtakes_an_earlier_one_of_its_task(
    service: Service, failures: int, first: list[str]
) -> None:
    service.failing["1"] = [ZeroDivisionError() for _ in range(failures)]
    async with delivering(service, make_messages(1, 2, 1, 3)):
        pass
    assert [title for title in service.done if title in {"1", "3"}] == first
    assert sorted({"2", "4"} - set(service.done)) == []


async def test_bytes_that_are_no_event_are_poison_and_those_beside_them_are_handled(
    service: Service,
) -> None:
    first, second = make_messages(1, 2)
    odd = first._replace(body=b"{}")
    verdicts = await service.verdicts([first, odd, second])
    assert verdicts == [Verdict.DONE, Verdict.POISON, Verdict.DONE]
    assert service.done == ["1", "2"]
