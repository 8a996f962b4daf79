"""An erased account: no consumer keeps a word of it, whatever order its events come in."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from itertools import permutations
from uuid import UUID

import pytest
from msgspec.structs import replace
from tests.fresh import fresh_database
from tests.keepers import NOTIFYING, NOW, REMEMBERED, TITLE, Keepers, Wall, message_of, somebody
from tests.waiting import waits_or_ends

from taskflow.accounts.model import Identity
from taskflow.base.ids import new_id
from taskflow.bus.ports import Outcome, Subscription, Verdict
from taskflow.chassis.consumer import FORGOTTEN_AT_ONCE, Consumer
from taskflow.chassis.metrics import Metrics
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.events.envelope import wrap
from taskflow.events.payloads import TaskEvent
from taskflow.inbox import dead_letters
from taskflow.services.notification import storage as notifications
from taskflow.services.recurring_processor import storage as recurring
from taskflow.services.reminder import storage as reminders

MANY_NOTES = """
INSERT INTO notifications.items (user_id, id, event_id, data, created_at, kept_at)
SELECT $1, number, gen_random_uuid(), '{}', now(), now() FROM generate_series(1, $2) AS number
"""
COUNT_NOTES = "SELECT count(*) FROM notifications.items WHERE user_id = $1"


@pytest.fixture
async def keepers(dsn: str) -> AsyncIterator[Keepers]:
    async with fresh_database(dsn, None) as owner, AsyncExitStack() as stack:
        found = Keepers(owner)
        await found.open(stack, owner._dsn)
        yield found


KEPT = {
    "notifications.items", "notifications.positions", "recurring.habit_looks",
    "recurring.habit_tasks", "recurring.instances", "recurring.series", "reminders.reminders",
    "reminders.tasks", "reminders.timeline",
}  # fmt: skip


async def test_nothing_is_left_of_an_erased_account_whatever_order_its_events_come_in(
    keepers: Keepers,
) -> None:
    for order in permutations(range(4)):
        actor = somebody()
        events = [*await keepers.live(actor), *await keepers.erase(actor)]
        await keepers.take([events[index] for index in order])
        assert await keepers.places_of(actor.user_id) == {REMEMBERED}, order


async def test_what_comes_again_later_brings_nothing_back(keepers: Keepers) -> None:
    actor = somebody()
    events = await keepers.live(actor)
    await keepers.take(events)
    assert await keepers.places_of(actor.user_id, TITLE) == KEPT
    events += await keepers.erase(actor)
    await keepers.take(events)
    assert await keepers.places_of(actor.user_id, TITLE) == {REMEMBERED}
    # Their marks may have been forgotten by then: they come as if they were new.
    await keepers.take([replace(event, event_id=new_id(NOW)) for event in events[:-1]])
    assert await keepers.places_of(actor.user_id, TITLE) == {REMEMBERED}


async def test_an_account_without_tasks_is_forgotten_too_and_nobody_elses(
    keepers: Keepers,
) -> None:
    actor, other = somebody(), somebody()
    for one in (actor, other):
        events = await keepers.live(one)
        await keepers.take(events)
    async with keepers.owner.transaction() as transaction:
        await transaction.execute("DELETE FROM tasks.tasks WHERE user_id = $1", actor.user_id)
    told = await keepers.erase(actor)
    assert len(told) == 1
    await keepers.take(told)
    assert await keepers.places_of(actor.user_id) == {REMEMBERED}
    assert await keepers.places_of(other.user_id, TITLE) == KEPT


async def test_an_event_that_is_being_handled_when_the_account_goes_leaves_nothing(
    keepers: Keepers,
) -> None:
    actor = somebody()
    created, *_ = await keepers.live(actor)
    *_, erasure = await keepers.erase(actor)
    subscription = keepers.subscriptions["notification"]
    async with asyncio.TaskGroup() as group, keepers.owner.transaction() as transaction:
        # As far as a handler that has not ended: it has taken its event in, and kept a note.
        await _begin(keepers.owner, transaction, created)
        forgetting = group.create_task(_take(subscription, erasure))
        await waits_or_ends(keepers.owner, forgetting)
        assert not forgetting.done()
    assert await keepers.places_of(actor.user_id, TITLE) == {REMEMBERED}


async def test_tickets_go_with_their_account(keepers: Keepers) -> None:
    actor, other = somebody(), somebody()
    async with keepers.owner.transaction() as transaction:
        for one in (actor, other):
            identity = Identity(
                one.user_id, "user", "", "Ann", "user", frozenset({"read"}), UUID(int=1)
            )
            await notifications.add_ticket(transaction, one.id, identity, NOW)
    await keepers.take(await keepers.erase(actor))
    assert await keepers.places_of(actor.user_id) == {REMEMBERED}
    assert await keepers.places_of(other.user_id) == {"notifications.tickets"}


async def test_what_was_set_aside_goes_too_and_is_not_set_aside_afterwards(
    keepers: Keepers,
) -> None:
    actor, other = somebody(), somebody()
    created, fired = await keepers.live(actor)
    others, _ = await keepers.live(other)
    subscription = keepers.subscriptions["notification"]
    for event in (created, others):
        await subscription.set_aside(message_of(event), "it kept failing")
    assert await keepers.places_of(created.task_id) == {"delivery.dead_letters"}
    await keepers.take(await keepers.erase(actor))
    await subscription.set_aside(message_of(fired), "it kept failing")
    assert await keepers.places_of(actor.user_id, created.task_id) == {REMEMBERED}
    async with keepers.owner.transaction(read_only=True) as transaction:
        letters = await dead_letters.listing(transaction, "notification", 10)
    assert [letter.event_id for letter in letters] == [str(others.event_id)]


async def test_what_comes_together_with_the_news_that_somebody_is_gone_leaves_nothing(
    keepers: Keepers,
) -> None:
    actor, other = somebody(), somebody()
    told, others = await keepers.live(actor), await keepers.live(other)
    gone = await keepers.erase(actor)
    for name, subscription in keepers.subscriptions.items():
        events = [told[0], others[0], *gone, told[1], others[1]]
        messages = [message_of(one) for one in events]
        wanted = [one for one in messages if one.topic in subscription.topics]
        outcomes = await subscription.handle(wanted)
        assert {one.verdict for one in outcomes} == {Verdict.DONE}, name
    assert await keepers.places_of(actor.user_id, told[0].task_id) == {REMEMBERED}
    assert "notifications.items" in await keepers.places_of(other.user_id)


async def test_the_news_that_somebody_is_gone_can_be_replayed_like_any_other(
    keepers: Keepers,
) -> None:
    actor = somebody()
    await keepers.take(await keepers.live(actor))
    *_, erasure = await keepers.erase(actor)
    consumer = keepers.consumers["notification"]
    subscription = keepers.subscriptions["notification"]
    await subscription.set_aside(message_of(erasure), "it took too long")
    async with keepers.owner.transaction() as transaction:
        await dead_letters.ask_replay(transaction, "notification", str(erasure.event_id), NOW)
    await consumer._replay_once(subscription)
    places = await keepers.places_of(actor.user_id, TITLE)
    assert not {"notifications.items", "delivery.dead_letters"} & places


async def test_of_somebody_who_had_much_nothing_is_left_and_no_row_of_anybody_else_goes(
    keepers: Keepers,
) -> None:
    actor, other = somebody(), somebody()
    async with keepers.owner.transaction() as transaction:
        for one in (actor, other):
            await transaction.execute(MANY_NOTES, one.user_id, FORGOTTEN_AT_ONCE * 2 + 1)
    await keepers.take(await keepers.erase(actor))
    assert await keepers.places_of(actor.user_id) == {REMEMBERED}
    async with keepers.owner.transaction(read_only=True) as transaction:
        left = await transaction.value(COUNT_NOTES, other.user_id)
    assert left == FORGOTTEN_AT_ONCE * 2 + 1


async def _take(subscription: Subscription, event: TaskEvent) -> None:
    outcomes: Sequence[Outcome] = await subscription.handle([message_of(event)])
    assert [one.verdict for one in outcomes] == [Verdict.DONE]


async def _begin(owner: Database, transaction: Transaction, event: TaskEvent) -> None:
    consumer = Consumer("notification", owner, Wall(), Metrics("notification"))
    await consumer._effect(NOTIFYING, transaction, [wrap(event)])


CHANGES = {
    "reminders": (reminders.forget_user, "reminders.reminders", "status = status"),
    "tasks": (reminders.forget_user, "reminders.tasks", "version = version"),
    "notifications": (notifications.forget_user, "notifications.items", "kept_at = kept_at"),
    "series": (recurring.forget_user, "recurring.series", "version = version"),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_what_is_being_changed_while_its_owner_is_forgotten_is_not_left(
    keepers: Keepers, name: str
) -> None:
    forget, table, change = CHANGES[name]
    actor = somebody()
    await keepers.take(await keepers.live(actor))

    async def forget_some() -> None:
        async with keepers.owner.transaction() as transaction:
            await forget(transaction, actor.user_id, 100)

    count = f"SELECT count(*) FROM {table} WHERE user_id = $1"  # noqa: S608
    async with asyncio.TaskGroup() as group, keepers.owner.transaction() as transaction:
        assert await transaction.value(count, actor.user_id)
        update = f"UPDATE {table} SET {change} WHERE user_id = $1"  # noqa: S608
        await transaction.execute(update, actor.user_id)
        forgetting = group.create_task(forget_some())
        await waits_or_ends(keepers.owner, forgetting)
    async with keepers.owner.transaction(read_only=True) as transaction:
        assert await transaction.value(count, actor.user_id) == 0
