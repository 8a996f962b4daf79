"""Deliveries under a clock that jumps: none is held up by it, none goes out twice."""

from datetime import timedelta
from uuid import UUID

import pytest
from tests.carrying import add_channel, are, carrying, fire, history, later, planned, until
from tests.planning import Wall
from tests.receiver import Receiver

from taskflow.db.engine import Database
from taskflow.services.reminder import claims, deliveries, parcels
from taskflow.services.reminder.retries import FIRST_PAUSE

MINUTE = timedelta(minutes=1)
NEXT = "SELECT next_at FROM reminders.deliveries WHERE user_id = $1"


async def _has_tried(own: Database, reminder: UUID, attempts: int) -> bool:
    found = await history(own, reminder)
    return sum(one.what == "attempted" for one in found) == attempts


async def _next_is(own: Database, user_id: UUID, wall: Wall, pause: timedelta) -> bool:
    async with own.transaction(read_only=True) as transaction:
        found = await transaction.value(NEXT, user_id)
    return bool(found == wall.at + pause)


async def _looks(own: Database) -> bool:
    """Whether the courier has looked, and waits."""
    return not own.hints._bells[f"{deliveries.BELL} hook"].is_set()


async def test_a_claim_planned_by_a_clock_far_ahead_is_not_waited_for(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, _ = await planned(own, wall)
    await add_channel(own, task.user_id, f"{receiver.url}/a")
    await fire(own, wall)
    wall.at -= timedelta(days=2)
    async with carrying(own, wall):
        await are(own, task.user_id, "delivered")
    assert len(receiver.messages["/a"]) == 1


async def test_a_clock_that_is_set_back_a_little_holds_up_nothing_and_keeps_the_pauses(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    await add_channel(own, task.user_id, f"{receiver.url}/back")
    receiver.answer("/back", 503, 503)
    await fire(own, wall)
    wall.at -= 30 * MINUTE
    async with carrying(own, wall):
        await until(lambda: _has_tried(own, reminder, 1))
        await until(lambda: _next_is(own, task.user_id, wall, FIRST_PAUSE))
        later(wall, wall.at + FIRST_PAUSE)
        own.hints.ring(f"{deliveries.BELL} hook")
        await until(lambda: _has_tried(own, reminder, 2))
        await until(lambda: _next_is(own, task.user_id, wall, 3 * FIRST_PAUSE))
    assert len(receiver.messages["/back"]) == 2


async def test_what_is_being_sent_while_the_clock_is_set_back_is_not_sent_twice(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, _ = await planned(own, wall)
    await add_channel(own, task.user_id, f"{receiver.url}/held")
    receiver.held.add("/held")
    async with carrying(own, wall), carrying(own, wall):
        await fire(own, wall)
        await until(lambda: _holds(receiver))
        wall.at -= 30 * MINUTE
        own.hints.ring(f"{deliveries.BELL} hook")
        await until(lambda: _looks(own))
        receiver.is_free.set()
        await are(own, task.user_id, "delivered")
    assert len(receiver.messages["/held"]) == 1


@pytest.mark.parametrize("by", [timedelta(hours=8), timedelta(days=-3)])
async def test_what_is_being_sent_while_the_machine_sleeps_or_its_clock_jumps_is_not_sent_twice(
    own: Database, receiver: Receiver, by: timedelta
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    await add_channel(own, task.user_id, f"{receiver.url}/held")
    receiver.held.add("/held")
    async with carrying(own, wall):
        await fire(own, wall)
        await until(lambda: _holds(receiver))
        wall.at += by
        own.hints.ring(f"{deliveries.BELL} hook")
        await until(lambda: _looks(own))
        receiver.is_free.set()
        await are(own, task.user_id, "delivered")
    assert len(receiver.messages["/held"]) == 1
    assert [one.result for one in await history(own, reminder) if one.attempt] == ["delivered"]


async def _holds(receiver: Receiver) -> bool:
    return bool(receiver.messages["/held"])


async def test_nothing_is_left_to_send_of_what_somebody_else_has_claimed_since(
    own: Database,
) -> None:
    wall, lease = Wall(), timedelta(minutes=2)
    task, _ = await planned(own, wall)
    await add_channel(own, task.user_id, "http://unused.example")
    await fire(own, wall)
    found = []
    for number in range(2):
        async with own.transaction() as transaction:
            mark = UUID(int=number)
            found += await claims.claim(transaction, "hook", wall.at, wall.at + lease, 8, mark)
        wall.at += lease
    async with own.transaction() as transaction:
        # Whoever has slept since it claimed does not get it back by that.
        await claims.hold(transaction, found[:1], wall.at, wall.at + lease)
        parcel_of = [(await parcels.read(transaction, one, wall.at)).message for one in found]
        await claims.hold(transaction, found[1:], wall.at, wall.at + lease)
        assert not await claims.claim(transaction, "hook", wall.at, wall.at, 8, UUID(int=2))
    assert [message is None for message in parcel_of] == [True, False]
