"""Reminders that go out by channels: retried, handed on, stopped, and each step written down."""

from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace
from tests.carrying import (
    CHANNEL,
    add_channel,
    are,
    carrying,
    fire,
    history,
    later,
    outside,
    planned,
    states,
    until,
)
from tests.planning import Wall, follow, make_event, reminder_events
from tests.receiver import Receiver

from taskflow.db.engine import Database
from taskflow.services.reminder import claims, deliveries, storage
from taskflow.services.reminder.retries import FIRST_PAUSE

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
LEFT = """
SELECT 'reminders' AS name, count(*) AS rows FROM reminders.reminders WHERE user_id = $1
UNION ALL SELECT 'timeline', count(*) FROM reminders.timeline WHERE user_id = $1
UNION ALL SELECT 'deliveries', count(*) FROM reminders.deliveries WHERE user_id = $1
UNION ALL SELECT 'attempts', count(*) FROM reminders.attempts WHERE channel_id = $2
UNION ALL SELECT 'channels', count(*) FROM reminders.channels WHERE user_id = $1
"""
NEXT = "SELECT next_at FROM reminders.deliveries WHERE user_id = $1"


async def test_a_reminder_goes_out_once_under_its_events_id_and_the_receiver_took_it(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    await add_channel(own, task.user_id, f"{receiver.url}/a")
    async with carrying(own, wall) as metrics:
        await fire(own, wall)
        await are(own, task.user_id, "delivered")
        shown = (await metrics.exposition()).decode()
    event = (await reminder_events(own, [reminder]))[0]
    assert receiver.ids("/a") == {event.event_id}
    assert len(receiver.messages["/a"]) == 1
    assert await outside(own, reminder) == [("delivered", "delivered")]
    assert 'deliveries_total{channel="hook",result="delivered"} 1.0' in shown


async def test_without_a_channel_nothing_goes_out_and_the_timeline_says_what_the_page_got(
    own: Database,
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    await fire(own, wall)
    event = (await reminder_events(own, [reminder]))[0]
    assert [one.what for one in await history(own, reminder)] == [
        "planned", "due", "fired", "handed_over",
    ]  # fmt: skip
    wall.at += timedelta(milliseconds=250)
    await follow(own, replace(event, timestamp=wall.at - timedelta(milliseconds=250)))
    last = (await history(own, reminder))[-1]
    assert (last.what, last.channel, last.result) == ("delivered", "page", "delivered")
    assert last.event_id == event.event_id
    assert task.user_id == event.user_id


async def test_a_busy_receiver_is_tried_again_with_the_same_id_and_each_attempt_is_told(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    await add_channel(own, task.user_id, f"{receiver.url}/busy")
    receiver.answer("/busy", 503)
    receiver.answer("/busy", 503, Retry_After="120")
    async with carrying(own, wall):
        await fire(own, wall)
        for attempts, pause in ((1, FIRST_PAUSE), (2, 2 * MINUTE)):
            await until(lambda: _next_is(own, task.user_id, wall, pause))  # noqa: B023
            assert len(receiver.messages["/busy"]) == attempts
            later(wall, wall.at + pause)
            own.hints.ring(f"{deliveries.BELL} hook")
        await are(own, task.user_id, "delivered")
    found = [one for one in await history(own, reminder) if one.attempt]
    assert [(one.attempt, one.result) for one in found] == [
        (1, "failed"), (2, "failed"), (3, "delivered"),
    ]  # fmt: skip
    assert found[0].next_at == found[1].at
    assert len(receiver.ids("/busy")) == 1


async def _next_is(own: Database, user_id: UUID, wall: Wall, pause: timedelta) -> bool:
    async with own.transaction(read_only=True) as transaction:
        found = await transaction.value(NEXT, user_id)
    return bool(found == wall.at + pause)


async def test_who_refuses_is_not_asked_again_and_who_is_gone_is_turned_off(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    gone = await add_channel(own, task.user_id, f"{receiver.url}/gone", kind="push")
    await add_channel(own, task.user_id, f"{receiver.url}/no", kind="hook", position=1)
    await add_channel(own, task.user_id, f"{receiver.url}/yes", kind="mail", position=2)
    receiver.answer("/gone", 410)
    receiver.answer("/no", 400)
    kinds = ("push", "hook", "mail")
    async with carrying(own, wall, kinds):
        await fire(own, wall, kinds)
        await are(own, task.user_id, "delivered")
    assert await outside(own, reminder) == [
        ("attempted", "gone"), ("next_channel", None), ("attempted", "refused"),
        ("next_channel", None), ("delivered", "delivered"),
    ]  # fmt: skip
    async with own.transaction(read_only=True) as transaction:
        row = await transaction.row(CHANNEL, gone)
    assert row is not None
    assert tuple(row) == (False, "answered 410")
    assert receiver.ids("/gone") == receiver.ids("/no") == receiver.ids("/yes")


async def _has_tried(own: Database, reminder: UUID, attempts: int) -> bool:
    found = await history(own, reminder)
    return sum(one.what == "attempted" for one in found) == attempts


async def test_completing_the_task_stops_what_waits_and_says_so(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    await add_channel(own, task.user_id, f"{receiver.url}/late")
    receiver.answer("/late", 503)
    async with carrying(own, wall):
        await fire(own, wall)
        await until(lambda: _has_tried(own, reminder, 1))
        await until(lambda: _next_is(own, task.user_id, wall, FIRST_PAUSE))
        done = replace(task, status="completed", version=2)
        await follow(own, make_event(done, wall.at, "task.completed"))
        await are(own, task.user_id, "stopped")
    found = await history(own, reminder)
    assert {one.what: one.text for one in found}["stopped"] == (
        "Nothing more is sent: the task was completed"
    )
    assert "done" in {one.what for one in found}
    assert len(receiver.messages["/late"]) == 1


async def test_what_a_killed_replica_had_claimed_is_taken_over_and_the_gap_is_told(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    await add_channel(own, task.user_id, f"{receiver.url}/a")
    await fire(own, wall)
    async with own.transaction() as transaction:
        until_ = wall.at + MINUTE
        claimed = await claims.claim(transaction, "hook", wall.at, until_, 8, UUID(int=5))
    assert len(claimed) == 1
    async with carrying(own, wall):
        await until(lambda: _looks(own))
        assert not receiver.messages["/a"]
        wall.at += MINUTE
        own.hints.ring(f"{deliveries.BELL} hook")
        await are(own, task.user_id, "delivered")
    steps = [(one.attempt, one.result) for one in await history(own, reminder) if one.attempt]
    assert steps == [(1, "unknown"), (2, "delivered")]


async def _looks(own: Database) -> bool:
    """Whether the courier has looked, and waits."""
    return not own.hints._bells[f"{deliveries.BELL} hook"].is_set()


async def test_a_slow_channel_holds_up_no_other(own: Database, receiver: Receiver) -> None:
    wall = Wall()
    receiver.held.add("/slow")
    people = []
    for _ in range(12):
        task, _ = await planned(own, wall)
        await add_channel(own, task.user_id, f"{receiver.url}/slow", kind="slow")
        people.append(task.user_id)
    quick, _ = await planned(own, wall)
    await add_channel(own, quick.user_id, f"{receiver.url}/quick", kind="quick")
    kinds = ("slow", "quick")
    async with carrying(own, wall, kinds):
        await fire(own, wall, kinds)
        await are(own, quick.user_id, "delivered")
        assert ["delivered"] not in [await states(own, one) for one in people]
        receiver.is_free.set()
        for user_id in people:
            await are(own, user_id, "delivered")


async def test_two_replicas_send_each_delivery_once(own: Database, receiver: Receiver) -> None:
    wall = Wall()
    people = []
    for _ in range(30):
        task, _ = await planned(own, wall)
        await add_channel(own, task.user_id, f"{receiver.url}/shared")
        people.append(task.user_id)
    await fire(own, wall)
    async with carrying(own, wall), carrying(own, wall):
        for user_id in people:
            await are(own, user_id, "delivered")
    assert len(receiver.messages["/shared"]) == len(people) == len(receiver.ids("/shared"))


async def test_nothing_is_left_of_what_was_told_to_somebody_who_is_gone(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, _ = await planned(own, wall)
    other, _ = await planned(own, wall)
    mine = await add_channel(own, task.user_id, f"{receiver.url}/a")
    theirs = await add_channel(own, other.user_id, f"{receiver.url}/a")
    async with carrying(own, wall):
        await fire(own, wall)
        await are(own, task.user_id, "delivered")
        await are(own, other.user_id, "delivered")
    removed = 1
    while removed:
        async with own.transaction() as transaction:
            removed = await storage.forget_user(transaction, task.user_id, 2)
    async with own.transaction(read_only=True) as transaction:
        left = await transaction.rows(LEFT, task.user_id, mine)
        kept = await transaction.rows(LEFT, other.user_id, theirs)
    assert {row["rows"] for row in left} == {0}
    assert min(row["rows"] for row in kept) > 0
    assert {row["name"] for row in kept} > {"attempts", "timeline"}
