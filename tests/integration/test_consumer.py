"""A consumer's promise against PostgreSQL: every event has its effect once, whatever happens."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from tests.fresh import fresh_database

from taskflow.base.ids import new_id
from taskflow.bus.message import Message
from taskflow.bus.ports import Outcome, Verdict
from taskflow.chassis.consumer import Consumer
from taskflow.chassis.handlers import Delivery, each
from taskflow.chassis.metrics import Metrics
from taskflow.db.engine import Database
from taskflow.events.envelope import encode, wrap
from taskflow.events.topics import TASK_CREATED, TASK_TYPES
from taskflow.inbox import dead_letters, dedup
from taskflow.outbox.append import append
from taskflow.tasks.drafts import DEFAULTS, drafted
from taskflow.tasks.model import Actor, event_of, new_task

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
LATER = NOW + timedelta(days=31)
USER = uuid4()
ACTOR = Actor(USER, "user", str(USER), "Ann", "correlation")
EVENT = event_of(
    ACTOR,
    TASK_CREATED,
    new_task(drafted(DEFAULTS, {"title": "Water"}, NOW), new_id(NOW), USER, NOW),
    {},
    new_id(NOW),
)
MESSAGE = Message(1, wrap(EVENT).topic, str(EVENT.task_id), encode(wrap(EVENT)))
# An effect that is seen: a row for every time that the handler ran and was committed.
EFFECT = """
INSERT INTO delivery.dead_letters VALUES ('effect', gen_random_uuid(), '', '', '', '', now())
"""
EFFECTS = "SELECT count(*) FROM delivery.dead_letters WHERE consumer = 'effect'"
HANG = "SELECT pg_sleep(60)"
HURRY = "SET LOCAL statement_timeout = '20ms'"
LEAVE = "DO $$ BEGIN RAISE EXCEPTION 'leaving' USING ERRCODE = '{}'; END $$"


class Wall:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW


class Service:
    """A consumer whose handler can be told to fail."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.fails = False
        self.statements: tuple[str, ...] = ()
        self._consumer = Consumer("ours", database, Wall(), Metrics("ours"))
        self._subscription = self._consumer.subscribe(each(dict.fromkeys(TASK_TYPES, self._handle)))

    async def deliver(self) -> Outcome:
        return (await self._subscription.handle([MESSAGE]))[0]

    async def set_aside(self) -> None:
        await self.put_aside(MESSAGE)

    async def put_aside(self, message: Message) -> None:
        await self._subscription.set_aside(message, "it kept failing")

    async def replay(self) -> None:
        async with self.database.transaction() as transaction:
            await dead_letters.ask_replay(transaction, "ours", str(EVENT.event_id), NOW)
        await self._consumer._replay_once(self._subscription)

    async def prune(self, now: datetime) -> None:
        async with self.database.transaction() as transaction:
            await dedup.prune(transaction, now, 1000)

    async def effects(self) -> int:
        async with self.database.transaction(read_only=True) as transaction:
            count: int = await transaction.value(EFFECTS)
            return count

    async def letters(self) -> int:
        async with self.database.transaction(read_only=True) as transaction:
            return len(await dead_letters.listing(transaction, "ours", 10))

    async def _handle(self, delivery: Delivery) -> None:
        await delivery.transaction.execute(EFFECT)
        for statement in self.statements:
            await delivery.transaction.execute(statement)
        if self.fails:
            raise ZeroDivisionError


@pytest.fixture
async def service(dsn: str) -> AsyncIterator[Service]:
    async with fresh_database(dsn) as database:
        yield Service(database)


async def test_what_a_handler_raises_undoes_its_effect_and_its_mark(service: Service) -> None:
    service.fails = True
    assert (await service.deliver()).verdict is Verdict.RETRY
    assert await service.effects() == 0
    service.fails = False
    assert [(await service.deliver()).verdict for _ in range(2)] == [Verdict.DONE] * 2
    assert await service.effects() == 1


async def test_a_statement_that_takes_too_long_is_a_failure_of_its_event(service: Service) -> None:
    service.statements = (HURRY, HANG)
    assert (await service.deliver()).verdict is Verdict.RETRY
    assert await service.effects() == 0


@pytest.mark.parametrize("code", ["57P01", "57P02", "57P03"])
async def test_a_database_that_shuts_down_or_starts_is_no_failure_of_an_event(
    service: Service, code: str
) -> None:
    service.statements = (LEAVE.format(code),)
    assert (await service.deliver()).verdict is Verdict.AWAY
    assert await service.effects() == 0


async def test_a_dead_letter_is_replayed_once_though_the_original_comes_again(
    service: Service,
) -> None:
    await service.set_aside()
    await service.replay()
    await service.deliver()
    assert (await service.effects(), await service.letters()) == (1, 0)


async def test_a_replay_that_fails_again_keeps_the_dead_letter(service: Service) -> None:
    await service.set_aside()
    service.fails = True
    await service.replay()
    assert (await service.effects(), await service.letters()) == (0, 1)


async def test_a_dead_letter_that_was_handled_after_all_does_nothing_when_replayed_much_later(
    service: Service,
) -> None:
    await service.set_aside()
    await service.deliver()
    await service.prune(LATER)
    await service.replay()
    assert (await service.effects(), await service.letters()) == (1, 0)


async def test_an_event_that_waits_for_another_consumer_for_a_month_is_not_handled_again(
    service: Service,
) -> None:
    async with service.database.transaction() as transaction:
        await append(transaction, EVENT)
    await service.deliver()
    await service.prune(LATER)
    await service.deliver()
    assert await service.effects() == 1


async def test_marks_that_nothing_can_need_are_forgotten(service: Service) -> None:
    await service.deliver()
    await service.prune(LATER)
    async with service.database.transaction(read_only=True) as transaction:
        assert await transaction.value("SELECT count(*) FROM delivery.inbox") == 0


async def test_a_message_whose_head_no_table_can_hold_is_set_aside_all_the_same(
    service: Service,
) -> None:
    odd = Message(1, "topic\0", "key\0", b'{"topic":"topic\\u0000"}')
    await service.put_aside(odd)
    assert await service.letters() == 1
