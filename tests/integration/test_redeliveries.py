"""What a person asks to be sent once more, beside what couriers still say of it."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from tests.carrying import add_channel, are, carrying, fire, history, planned, states, until
from tests.planning import Wall
from tests.receiver import Receiver
from tests.waiting import WAITING

from taskflow.base.errors import Conflict
from taskflow.db.engine import Database
from taskflow.services.reminder import claims, deliveries, delivery_log, lifecycle, receipts
from taskflow.services.reminder.channels import storage as channels
from taskflow.services.reminder.claims import Claimed
from taskflow.services.reminder.deliveries import Outcome
from taskflow.services.reminder.lifecycle import Course, Failure, Result, Way

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
KIND = "webhook"
STANDS = "SELECT state, channel_id FROM reminders.deliveries WHERE id = $1"
ALONE = "SELECT id FROM reminders.deliveries WHERE user_id = $1 FOR UPDATE NOWAIT"


async def _claim(own: Database, wall: Wall, mark: int) -> Claimed:
    async with own.transaction() as transaction:
        until_ = wall.at + MINUTE
        found = await claims.claim(transaction, KIND, wall.at, until_, 8, UUID(int=mark))
    (claimed,) = found
    return claimed


async def _settle(
    own: Database, wall: Wall, claimed: Claimed, result: Result, course: Course
) -> None:
    outcome = Outcome("mine", wall.at, result, "", None)
    async with own.transaction() as transaction:
        await deliveries.settle(transaction, claimed, outcome, course, wall.at)


async def _stands(own: Database, delivery_id: UUID) -> tuple[str, UUID]:
    async with own.transaction(read_only=True) as transaction:
        row = await transaction.row(STANDS, delivery_id)
    assert row is not None
    return row["state"], row["channel_id"]


async def _redeliver(own: Database, user_id: UUID, channel: UUID, delivery: UUID, at: Wall) -> None:
    async with own.transaction() as transaction:
        kept = await channels.lock(transaction, user_id, channel)
        await delivery_log.redeliver(transaction, kept, delivery, at.at)


async def test_a_late_receipt_of_before_does_not_end_what_was_asked_for_since(
    own: Database,
) -> None:
    wall = Wall()
    task, _ = await planned(own, wall)
    first, second = [
        await add_channel(own, task.user_id, "http://unused.example", kind=KIND, position=place)
        for place in range(2)
    ]
    await fire(own, wall, [KIND])
    late = await _claim(own, wall, 1)
    wall.at += 2 * MINUTE
    heir = await _claim(own, wall, 2)
    ways = [Way(first, KIND), Way(second, KIND)]
    refused = lifecycle.failed(heir.course, Failure("refused", ""), wall.at, 0.5, ways)
    await _settle(own, wall, heir, "refused", refused)
    last = await _claim(own, wall, 3)
    await _settle(own, wall, last, "delivered", lifecycle.delivered(last.course))
    wall.at += HOUR
    await _redeliver(own, task.user_id, second, late.id, wall)
    await _settle(own, wall, late, "delivered", lifecycle.delivered(late.course))
    assert await _stands(own, late.id) == ("waiting", second)
    again = await _claim(own, wall, 4)
    await _settle(own, wall, again, "delivered", lifecycle.delivered(again.course))
    assert await _stands(own, late.id) == ("delivered", second)


async def test_a_late_receipt_ends_what_somebody_else_has_claimed_since(own: Database) -> None:
    wall = Wall()
    task, _ = await planned(own, wall)
    await add_channel(own, task.user_id, "http://unused.example", kind=KIND)
    await fire(own, wall, [KIND])
    late = await _claim(own, wall, 1)
    wall.at += 2 * MINUTE
    await _claim(own, wall, 2)
    await _settle(own, wall, late, "delivered", lifecycle.delivered(late.course))
    assert await states(own, task.user_id) == ["delivered"]


async def test_who_redelivers_and_who_writes_a_result_down_lock_in_one_order(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, _ = await planned(own, wall)
    receiver.held.add("/a")
    channel = await add_channel(own, task.user_id, f"{receiver.url}/a", kind=KIND)
    await fire(own, wall, [KIND])
    async with carrying(own, wall, [KIND]):
        await until(lambda: _has_come(receiver))
        async with own.transaction() as transaction:
            await channels.lock(transaction, task.user_id, channel)
            receiver.is_free.set()
            await until(lambda: _waits(own))
            assert await transaction.value(ALONE, task.user_id)
        await are(own, task.user_id, "delivered")


async def _has_come(receiver: Receiver) -> bool:
    await asyncio.sleep(0)
    return bool(receiver.messages["/a"])


async def _waits(own: Database) -> bool:
    async with own.transaction(read_only=True) as transaction:
        return bool(await transaction.value(WAITING))


async def test_what_is_asked_of_one_channel_comes_by_no_other_not_even_by_one_added_since(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, _ = await planned(own, wall)
    receiver.answer("/a", 200, 503, 400)
    first = await add_channel(own, task.user_id, f"{receiver.url}/a", kind=KIND)
    await fire(own, wall, [KIND])
    async with carrying(own, wall, [KIND]):
        await are(own, task.user_id, "delivered")
        (delivery,) = {UUID(one["id"]) for one in receiver.messages["/a"]}
        await _redeliver(own, task.user_id, first, delivery, wall)
        await until(lambda: _have_come(receiver, 2))
        await add_channel(own, task.user_id, f"{receiver.url}/c", kind=KIND, position=1)
        await until(lambda: _is_over(own, wall, task.user_id))
    assert await states(own, task.user_id) == ["dead"]
    assert not receiver.messages["/c"]


async def test_the_timeline_keeps_how_it_had_ended_and_that_its_owner_asked_for_it(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    receiver.answer("/a", 400)
    receiver.answer("/b", 400)
    first, _ = [
        await add_channel(own, task.user_id, receiver.url + path, kind=KIND, position=place)
        for place, path in enumerate(("/a", "/b"))
    ]
    await fire(own, wall, [KIND])
    async with carrying(own, wall, [KIND]):
        await are(own, task.user_id, "dead")
        wall.at += HOUR
        (delivery,) = receiver.ids("/a")
        await _redeliver(own, task.user_id, first, delivery, wall)
        await are(own, task.user_id, "delivered")
    steps = [(one.what, one.at) for one in await history(own, reminder)]
    assert [what for what, _ in steps][-3:] == ["dead", "redelivered", "delivered"]
    assert steps[-2][1] - steps[-3][1] == HOUR


async def test_one_delivery_is_asked_for_once_more_so_often_and_no_more(own: Database) -> None:
    wall = Wall()
    task, _ = await planned(own, wall)
    channel = await add_channel(own, task.user_id, "http://unused.example", kind=KIND)
    await fire(own, wall, [KIND])
    claimed = await _taken(own, wall)
    for _ in range(delivery_log.MOST_REDELIVERIES):
        await _redeliver(own, task.user_id, channel, claimed.id, wall)
        await _taken(own, wall)
    with pytest.raises(Conflict, match="10 times already"):
        await _redeliver(own, task.user_id, channel, claimed.id, wall)
    assert await states(own, task.user_id) == ["delivered"]


async def test_of_very_many_attempts_the_newest_are_read_in_their_order(
    own: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "MOST_ATTEMPTS", 3)
    wall = Wall()
    task, reminder = await planned(own, wall)
    channel = await add_channel(own, task.user_id, "http://unused.example", kind=KIND)
    await fire(own, wall, [KIND])
    claimed = await _taken(own, wall)
    for _ in range(4):
        await _redeliver(own, task.user_id, channel, claimed.id, wall)
        await _taken(own, wall)
    async with own.transaction(read_only=True) as transaction:
        (carried,) = await receipts.deliveries(transaction, reminder)
        found = await receipts.attempts(transaction, [carried.id])
    assert [one.number for one in found] == [3, 4, 5]
    assert carried.last_at == found[-1].at


async def _taken(own: Database, wall: Wall) -> Claimed:
    """What is due, claimed and taken, an hour after what was before."""
    wall.at += HOUR
    claimed = await _claim(own, wall, 1)
    await _settle(own, wall, claimed, "delivered", lifecycle.delivered(claimed.course))
    return claimed


async def _have_come(receiver: Receiver, number: int) -> bool:
    return len(receiver.messages["/a"]) == number


async def _is_over(own: Database, wall: Wall, user_id: UUID) -> bool:
    """Whether it is, while time goes on."""
    wall.at += timedelta(seconds=1)
    own.hints.ring(f"{deliveries.BELL} {KIND}")
    return await states(own, user_id) in (["dead"], ["delivered"])
