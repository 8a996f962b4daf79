"""An erased account: no consumer keeps a word of it, whatever order its events come in."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from msgspec import UNSET
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, Counter
from tests.fresh import connected, fresh_database
from tests.waiting import waits_or_ends

from taskflow.accounts.model import Identity
from taskflow.base.ids import new_id
from taskflow.bus.message import Message
from taskflow.bus.ports import Outcome, Subscription, Verdict
from taskflow.chassis.consumer import Consumer
from taskflow.chassis.handlers import Batches, each
from taskflow.chassis.metrics import Metrics
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.events.envelope import decode, encode, wrap
from taskflow.events.payloads import Reminder, TaskEvent
from taskflow.events.topics import REMINDER_TRIGGERED, TASK_TYPES
from taskflow.inbox import dead_letters
from taskflow.services.notification import storage as notifications
from taskflow.services.notification.event_consumer import Notifier
from taskflow.services.recurring_processor import storage as recurring
from taskflow.services.recurring_processor.event_consumer import Continuation, is_of_series
from taskflow.services.reminder import storage as reminders
from taskflow.services.reminder.event_consumer import Planner
from taskflow.services.reminder.schedule_memory import MemorySchedule
from taskflow.tasks import commands
from taskflow.tasks.model import Actor, event_of

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TITLE = "Call Dr. Marlowe"
GIVEN = {
    "title": TITLE,
    "due_date": "2026-03-09T09:00:00Z",
    "reminders": [Reminder(offset="PT1H")],
    "recurrence": {"rule": "FREQ=WEEKLY"},
}
OUTSIDE_THE_TRAIL = """
SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
 WHERE schemaname IN ('recurring', 'reminders', 'notifications', 'delivery')
"""
TOLD = "DELETE FROM delivery.outbox RETURNING id, envelope"
# What is remembered of an account that is gone is that it is gone.
REMEMBERED = "delivery.erased_owners"


class Wall:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW


NOTIFYING = Batches(
    handle=Notifier(lambda _user, _note: None, Wall()).tell, forget=notifications.forget_user
)


def somebody() -> Actor:
    user_id = uuid4()
    return Actor(user_id, "user", str(user_id), "Ann", "correlation")


def message_of(event: TaskEvent) -> Message:
    return Message(1, wrap(event).topic, str(event.task_id), encode(wrap(event)))


class Readers:
    """The consumers that keep something of people, each under its own role."""

    def __init__(self, owner: Database) -> None:
        self.owner = owner
        self.subscriptions: dict[str, Subscription] = {}

    async def open(self, stack: AsyncExitStack, address: str) -> None:
        made = Counter("made", "Made.", registry=CollectorRegistry())
        continuation = Continuation(Wall(), made).follow
        for name, role, batches in (
            (
                "reminder",
                "reminders",
                Batches(
                    handle=Planner(MemorySchedule(Wall())).follow,
                    event_types=TASK_TYPES,
                    forget=reminders.forget_user,
                ),
            ),
            (
                "recurring-processor",
                "recurring",
                each(
                    dict.fromkeys(TASK_TYPES, continuation),
                    concerns=is_of_series,
                    forget=recurring.forget_user,
                ),
            ),
            ("notification", "notifications", NOTIFYING),
        ):
            database = await stack.enter_async_context(connected(address, f"taskflow_{role}"))
            consumer = Consumer(name, database, Wall(), Metrics(name))
            self.subscriptions[name] = consumer.subscribe(batches)

    async def live(self, actor: Actor) -> list[TaskEvent]:
        """What is told of a task that is made and reminded of."""
        async with self.owner.transaction() as transaction:
            task = await commands.create(transaction, actor, GIVEN, NOW)
        fired = event_of(actor, REMINDER_TRIGGERED, task, {}, new_id(NOW))
        return [*await self._told(), fired]

    async def erase(self, actor: Actor) -> list[TaskEvent]:
        """What is told when an account is erased: of its tasks, and at last of itself."""
        async with self.owner.transaction() as transaction:
            await commands.erase_all(transaction, actor, NOW)
        told = await self._told()
        assert [event.owner_erased for event in told] == [UNSET] * (len(told) - 1) + [True]
        return told

    async def _told(self) -> list[TaskEvent]:
        async with self.owner.transaction() as transaction:
            rows = await transaction.rows(TOLD)
        return [decode(row["envelope"]).data for row in sorted(rows, key=lambda row: row["id"])]

    async def take(self, events: Sequence[TaskEvent]) -> None:
        for event in events:
            for subscription in self.subscriptions.values():
                message = message_of(event)
                if message.topic in subscription.topics:
                    outcomes = await subscription.handle([message])
                    assert [one.verdict for one in outcomes] == [Verdict.DONE]

    async def places_of(self, *words: object) -> set[str]:
        """The tables that have one of these words in any row."""
        async with self.owner.transaction(read_only=True) as transaction:
            names = [row["name"] for row in await transaction.rows(OUTSIDE_THE_TRAIL)]
            found = set()
            for name in names:
                rows = await transaction.rows(f"SELECT one::text AS row FROM {name} AS one")  # noqa: S608 - our own tables
                # Bytes are shown as hexadecimal digits.
                forms = [form for word in words for form in (str(word), str(word).encode().hex())]
                if any(form in row["row"] for form in forms for row in rows):
                    found.add(name)
        return found


@pytest.fixture
async def readers(dsn: str) -> AsyncIterator[Readers]:
    async with fresh_database(dsn, None) as owner, AsyncExitStack() as stack:
        found = Readers(owner)
        await found.open(stack, owner._dsn)
        yield found


KEPT = {
    "notifications.items", "notifications.positions", "recurring.instances", "recurring.series",
    "reminders.reminders", "reminders.tasks",
}  # fmt: skip


async def test_nothing_is_left_of_an_erased_account_whatever_order_its_events_come_in(
    readers: Readers,
) -> None:
    for order in permutations(range(4)):
        actor = somebody()
        events = [*await readers.live(actor), *await readers.erase(actor)]
        await readers.take([events[index] for index in order])
        assert await readers.places_of(actor.user_id) == {REMEMBERED}, order


async def test_what_comes_again_later_brings_nothing_back(readers: Readers) -> None:
    actor = somebody()
    events = await readers.live(actor)
    await readers.take(events)
    assert await readers.places_of(actor.user_id, TITLE) == KEPT
    events += await readers.erase(actor)
    await readers.take(events)
    assert await readers.places_of(actor.user_id, TITLE) == {REMEMBERED}
    # Their marks may have been forgotten by then: they come as if they were new.
    await readers.take([replace(event, event_id=new_id(NOW)) for event in events[:-1]])
    assert await readers.places_of(actor.user_id, TITLE) == {REMEMBERED}


async def test_an_account_without_tasks_is_forgotten_too_and_nobody_elses(
    readers: Readers,
) -> None:
    actor, other = somebody(), somebody()
    for one in (actor, other):
        events = await readers.live(one)
        await readers.take(events)
    async with readers.owner.transaction() as transaction:
        await transaction.execute("DELETE FROM tasks.tasks WHERE user_id = $1", actor.user_id)
    told = await readers.erase(actor)
    assert len(told) == 1
    await readers.take(told)
    assert await readers.places_of(actor.user_id) == {REMEMBERED}
    assert await readers.places_of(other.user_id, TITLE) == KEPT


async def test_an_event_that_is_being_handled_when_the_account_goes_leaves_nothing(
    readers: Readers,
) -> None:
    actor = somebody()
    created, *_ = await readers.live(actor)
    *_, erasure = await readers.erase(actor)
    subscription = readers.subscriptions["notification"]
    async with asyncio.TaskGroup() as group, readers.owner.transaction() as transaction:
        # As far as a handler that has not ended: it has taken its event in, and kept a note.
        await _begin(readers.owner, transaction, created)
        forgetting = group.create_task(_take(subscription, erasure))
        await waits_or_ends(readers.owner, forgetting)
        assert not forgetting.done()
    assert await readers.places_of(actor.user_id, TITLE) == {REMEMBERED}


async def test_tickets_go_with_their_account(readers: Readers) -> None:
    actor, other = somebody(), somebody()
    async with readers.owner.transaction() as transaction:
        for one in (actor, other):
            identity = Identity(
                one.user_id, "user", "", "Ann", "user", frozenset({"read"}), UUID(int=1)
            )
            await notifications.add_ticket(transaction, one.id, identity, NOW)
    await readers.take(await readers.erase(actor))
    assert await readers.places_of(actor.user_id) == {REMEMBERED}
    assert await readers.places_of(other.user_id) == {"notifications.tickets"}


async def test_what_was_set_aside_goes_too_and_is_not_set_aside_afterwards(
    readers: Readers,
) -> None:
    actor, other = somebody(), somebody()
    created, fired = await readers.live(actor)
    others, _ = await readers.live(other)
    subscription = readers.subscriptions["notification"]
    for event in (created, others):
        await subscription.set_aside(message_of(event), "it kept failing")
    assert await readers.places_of(created.task_id) == {"delivery.dead_letters"}
    await readers.take(await readers.erase(actor))
    await subscription.set_aside(message_of(fired), "it kept failing")
    assert await readers.places_of(actor.user_id, created.task_id) == {REMEMBERED}
    async with readers.owner.transaction(read_only=True) as transaction:
        letters = await dead_letters.listing(transaction, "notification", 10)
    assert [letter.event_id for letter in letters] == [str(others.event_id)]


async def test_what_comes_together_with_the_news_that_somebody_is_gone_leaves_nothing(
    readers: Readers,
) -> None:
    actor, other = somebody(), somebody()
    told, others = await readers.live(actor), await readers.live(other)
    gone = await readers.erase(actor)
    for name, subscription in readers.subscriptions.items():
        events = [told[0], others[0], *gone, told[1], others[1]]
        messages = [message_of(one) for one in events]
        wanted = [one for one in messages if one.topic in subscription.topics]
        outcomes = await subscription.handle(wanted)
        assert {one.verdict for one in outcomes} == {Verdict.DONE}, name
    assert await readers.places_of(actor.user_id, told[0].task_id) == {REMEMBERED}
    assert "notifications.items" in await readers.places_of(other.user_id)


async def _take(subscription: Subscription, event: TaskEvent) -> None:
    outcomes: Sequence[Outcome] = await subscription.handle([message_of(event)])
    assert [one.verdict for one in outcomes] == [Verdict.DONE]


async def _begin(owner: Database, transaction: Transaction, event: TaskEvent) -> None:
    consumer = Consumer("notification", owner, Wall(), Metrics("notification"))
    await consumer._effect(NOTIFYING, transaction, [wrap(event)])
