"""Whoever has reacted to a reminder is not told of it any more, and its timeline says why."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace
from tests.carrying import add_channel, are, carrying, fire, history, planned, states, until
from tests.planning import Wall, follow, make_event, make_task
from tests.receiver import Receiver

from taskflow.db.engine import Database
from taskflow.events.payloads import Nag, Reminder, TaskState
from taskflow.services.reminder import deliveries, delivery_log, storage
from taskflow.services.reminder.channels import storage as channels
from taskflow.services.reminder.history import Person
from taskflow.services.reminder.reactions import acknowledge, see, snooze
from taskflow.services.reminder.scheduler import plans

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


async def _snooze(own: Database, person: Person, _: TaskState) -> None:
    async with own.transaction() as transaction:
        await snooze(transaction, person, person.now + HOUR, None)


async def _acknowledge(own: Database, person: Person, _: TaskState) -> None:
    async with own.transaction() as transaction:
        await acknowledge(transaction, person)


async def _see(own: Database, person: Person, _: TaskState) -> None:
    async with own.transaction() as transaction:
        await see(transaction, person)


async def _complete(own: Database, person: Person, task: TaskState) -> None:
    done = replace(task, status="completed", version=2)
    await follow(own, make_event(done, person.now, "task.completed"), clock=Wall(person.now))


async def _delete(own: Database, person: Person, task: TaskState) -> None:
    event = make_event(replace(task, version=2), person.now, "task.deleted")
    await follow(own, event, clock=Wall(person.now))


async def _move(own: Database, person: Person, task: TaskState) -> None:
    (reminder,) = task.reminders
    assert reminder.offset
    moved = replace(task, due_date="2026-03-02T11:00:00Z", version=2)
    await follow(own, make_event(moved, person.now, "task.updated"), clock=Wall(person.now))


React = Callable[[Database, Person, TaskState], Awaitable[None]]
REACTIONS: dict[str, tuple[React, str]] = {
    "snoozed": (_snooze, "it was snoozed"),
    "acknowledged": (_acknowledge, "it was acknowledged"),
    "seen": (_see, "it was seen"),
    "completed": (_complete, "the task was completed"),
    "deleted": (_delete, "the task was deleted"),
    "moved": (_move, "it was moved to another time"),
}


async def offset_task(own: Database, wall: Wall, user_id: UUID | None = None) -> TaskState:
    """A task whose reminder is due now, an hour before it."""
    task = make_task(Reminder(offset="PT1H"), due=wall.at + HOUR)
    task = replace(task, user_id=user_id or task.user_id)
    await follow(own, make_event(task, wall.at - HOUR))
    return task


async def _tries(own: Database, reminder: UUID, attempts: int) -> bool:
    found = await history(own, reminder)
    return sum(one.what == "attempted" for one in found) == attempts


@pytest.mark.parametrize("name", REACTIONS)
async def test_what_is_being_sent_when_its_owner_reacts_is_not_tried_again(
    own: Database, receiver: Receiver, name: str
) -> None:
    react, reason = REACTIONS[name]
    wall = Wall()
    task = await offset_task(own, wall)
    reminder = plans(task)[0].id
    await add_channel(own, task.user_id, f"{receiver.url}/busy")
    receiver.answer("/busy", 503)
    receiver.held.add("/busy")
    async with carrying(own, wall):
        await fire(own, wall)
        await until(lambda: _holds(receiver, "/busy"))
        await react(own, Person(task.user_id, reminder, wall.at), task)
        receiver.is_free.set()
        await until(lambda: _tries(own, reminder, 1))
        # Even when it has fired once more meanwhile, which is another delivery.
        wall.at += 2 * HOUR
        await fire(own, wall)
        own.hints.ring(f"{deliveries.BELL} hook")
        again = name in ("snoozed", "moved")
        await are(own, task.user_id, "stopped", *["delivered"] * again)
    assert len(receiver.messages["/busy"]) == 1 + again
    stopped = [one for one in await history(own, reminder) if one.what == "stopped"]
    assert [one.text for one in stopped] == [f"Nothing more is sent: {reason}"]


async def _holds(receiver: Receiver, path: str) -> bool:
    return bool(receiver.messages[path])


@pytest.mark.parametrize("name", REACTIONS)
async def test_a_digest_leaves_out_what_its_owner_has_reacted_to_and_the_timeline_says_so(
    own: Database, receiver: Receiver, name: str
) -> None:
    react, reason = REACTIONS[name]
    wall = Wall()
    user_id = make_task().user_id
    tasks = [await offset_task(own, wall, user_id) for _ in range(4)]
    ids = [plans(one)[0].id for one in tasks]
    channel = await add_channel(own, user_id, f"{receiver.url}/many", kind="webhook")
    wall.at += HOUR
    await fire(own, wall, ["webhook"], digest_above=3)
    wall.at += MINUTE
    await react(own, Person(user_id, ids[0], wall.at), tasks[0])
    wall.at += MINUTE
    async with carrying(own, wall, ["webhook"]):
        await are(own, user_id, "delivered")
    (message,) = receiver.messages["/many"]
    assert message["title"] == "3 reminders were missed"
    assert str(ids[0]) not in message["reminder_ids"]
    left_out = {one.what: one.text for one in await history(own, ids[0])}
    assert left_out["stopped"] == f"Nothing more is sent: {reason}"
    assert [one.result for one in await history(own, ids[0]) if one.channel == "webhook"] == [None]
    told = [one.what for one in await history(own, ids[1])]
    assert "stopped" not in told
    assert told[-1] == "delivered"
    wall.at += MINUTE
    async with own.transaction() as transaction:
        kept = await channels.lock(transaction, user_id, channel)
        await delivery_log.redeliver(transaction, kept, UUID(message["id"]), wall.at)
    async with carrying(own, wall, ["webhook"]):
        await are(own, user_id, "delivered")
    tried = [[one.at for one in await history(own, name) if one.attempt] for name in ids[:2]]
    assert tried == [[wall.at], [wall.at - MINUTE, wall.at]]


async def test_seeing_a_reminder_that_nags_ends_this_message_and_not_the_nagging(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task = make_task(Reminder(at=wall.at, nag=Nag("PT10M", 2)))
    await follow(own, make_event(task, wall.at - HOUR))
    reminder = plans(task)[0].id
    await add_channel(own, task.user_id, f"{receiver.url}/nag")
    await fire(own, wall)
    await _see(own, Person(task.user_id, reminder, wall.at), task)
    wall.at += 10 * MINUTE
    await fire(own, wall)
    async with carrying(own, wall):
        await are(own, task.user_id, "stopped", "delivered")
    assert len(receiver.messages["/nag"]) == 1


async def test_what_its_owner_asks_for_once_more_goes_out_whatever_they_did_before(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    await add_channel(own, task.user_id, f"{receiver.url}/once")
    await fire(own, wall)
    await _snooze(own, Person(task.user_id, reminder, wall.at), task)
    async with own.transaction() as transaction:
        await transaction.execute(ASK_AGAIN, task.user_id, datetime.now(wall.at.tzinfo))
    async with carrying(own, wall):
        await are(own, task.user_id, "delivered")
    assert (await history(own, reminder))[-1].what == "delivered"


async def _reopen(own: Database, task: TaskState, wall: Wall) -> None:
    event = make_event(replace(task, version=3), wall.at, "task.updated")
    await follow(own, event, clock=wall)


@pytest.mark.parametrize("close", [_complete, _delete])
async def test_what_closing_a_task_by_mistake_has_stopped_goes_out_when_it_is_reopened(
    own: Database, receiver: Receiver, close: React
) -> None:
    wall = Wall()
    task = await offset_task(own, wall)
    reminder = plans(task)[0].id
    await add_channel(own, task.user_id, f"{receiver.url}/undone")
    await fire(own, wall)
    await close(own, Person(task.user_id, reminder, wall.at), task)
    assert [one.what for one in await history(own, reminder)][-1] == "stopped"
    wall.at += MINUTE
    await _reopen(own, task, wall)
    async with carrying(own, wall):
        await are(own, task.user_id, "delivered")
    assert "stopped" not in [one.what for one in await history(own, reminder)]
    assert len(receiver.messages["/undone"]) == 1


async def test_a_digest_has_what_closing_its_task_by_mistake_had_taken_out_of_it(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    user_id = make_task().user_id
    tasks = [await offset_task(own, wall, user_id) for _ in range(4)]
    await add_channel(own, user_id, f"{receiver.url}/whole")
    wall.at += HOUR
    await fire(own, wall, digest_above=3)
    await _complete(own, Person(user_id, plans(tasks[0])[0].id, wall.at), tasks[0])
    await _reopen(own, tasks[0], wall)
    wall.at += 2 * MINUTE
    async with carrying(own, wall):
        await are(own, user_id, "delivered")
    (message,) = receiver.messages["/whole"]
    assert message["title"] == "4 reminders were missed"


async def test_what_was_closed_for_long_or_was_seen_stays_stopped_when_it_is_reopened(
    own: Database,
) -> None:
    wall = Wall()
    tasks = [await offset_task(own, wall) for _ in range(3)]
    ids = [plans(one)[0].id for one in tasks]
    for one in tasks:
        await add_channel(own, one.user_id, "http://127.0.0.1:1/")
    await fire(own, wall)
    await _see(own, Person(tasks[0].user_id, ids[0], wall.at), tasks[0])
    for one, identity in zip(tasks, ids, strict=True):
        await _complete(own, Person(one.user_id, identity, wall.at), one)
    await _see(own, Person(tasks[1].user_id, ids[1], wall.at), tasks[1])
    for one in tasks[:2]:
        await _reopen(own, one, wall)
    wall.at += HOUR
    await _reopen(own, tasks[2], wall)
    for one, identity in zip(tasks, ids, strict=True):
        assert await states(own, one.user_id) == ["stopped"]
        assert "stopped" in [step.what for step in await history(own, identity)]


async def test_whoever_snoozes_what_has_fired_has_seen_it_and_not_what_is_still_to_come(
    own: Database,
) -> None:
    wall = Wall()
    task = await offset_task(own, wall)
    person = Person(task.user_id, plans(task)[0].id, wall.at)
    await _snooze(own, person, task)
    wall.at += HOUR
    await fire(own, wall)
    person = person._replace(now=wall.at)
    await _snooze(own, person, task)
    # As the page says a moment later, and whoever changes their mind.
    await _see(own, person, task)
    await _snooze(own, person, task)
    found = [one.what for one in await history(own, person.reminder_id)]
    assert [one for one in found if one in ("seen", "snoozed", "fired")] == [
        "snoozed",
        "fired",
        "seen",
        "snoozed",
        "snoozed",
    ]
    async with own.transaction(read_only=True) as transaction:
        kept = await storage.find(transaction, person.user_id, person.reminder_id)
    assert kept.seen_at == wall.at


ASK_AGAIN = """
UPDATE reminders.deliveries SET state = 'waiting', asked_at = $2, finished_at = NULL
 WHERE user_id = $1
"""
