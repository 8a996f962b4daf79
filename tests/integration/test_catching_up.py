"""What was missed: it comes late, and where it was much, together."""

import asyncio
from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace
from tests.carrying import add_channel, add_person, are, carrying, fire, history
from tests.fresh import connected
from tests.planning import Wall, follow, make_event, make_task, reminder_events
from tests.receiver import Receiver
from tests.waiting import waits_or_ends

from taskflow.db.engine import Database
from taskflow.events.payloads import Reminder, TaskState
from taskflow.services.reminder import claims, deliveries, due
from taskflow.services.reminder.catch_up import firings, joined
from taskflow.services.reminder.deliveries import Begun
from taskflow.services.reminder.due import Joining
from taskflow.services.reminder.history import Person
from taskflow.services.reminder.lifecycle import Way
from taskflow.services.reminder.messages import MOST_NAMED
from taskflow.services.reminder.reactions import acknowledge
from taskflow.services.reminder.scheduler import plans
from taskflow.services.reminder.trigger import DIGEST_PATIENCE, DIGEST_PAUSE, Terms, trigger

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MAKE_URGENT = """
UPDATE reminders.tasks SET task = task || '{"priority": "urgent"}'
 WHERE task_id = (SELECT task_id FROM reminders.reminders WHERE id = $1)
"""
TOLD = "SELECT FROM reminders.told WHERE delivery_id = $1"
QUIET = {"quiet_hours": {"start": "10:00", "end": "20:00"}}


async def planned(own: Database, task: TaskState, wall: Wall) -> UUID:
    """The reminder of a task that was asked for an hour ago."""
    await follow(own, make_event(task, wall.at - HOUR))
    return plans(task)[0].id


async def missed(own: Database, wall: Wall, number: int) -> tuple[UUID, list[UUID]]:
    """So many reminders of one person, whose times passed while everything was away."""
    task = make_task()
    ids = []
    for index in range(number):
        at = wall.at + index * MINUTE
        one = replace(make_task(Reminder(at=at)), user_id=task.user_id, title=f"Missed {index}")
        ids.append(await planned(own, one, wall))
    wall.at += 3 * HOUR
    return task.user_id, ids


async def test_what_was_missed_fires_late_each_by_itself_where_it_is_little(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    user_id, ids = await missed(own, wall, 3)
    await add_channel(own, user_id, f"{receiver.url}/few")
    async with carrying(own, wall):
        await fire(own, wall, digest_above=3)
        await are(own, user_id, *["delivered"] * 3)
    assert {one["kind"] for one in receiver.messages["/few"]} == {"reminder"}
    assert min(one["late_by_seconds"] for one in receiver.messages["/few"]) > 10_000
    events = await reminder_events(own, ids)
    assert not any(one.reminder.digest for one in events if one.reminder)


async def test_many_that_were_missed_are_one_message_and_each_has_its_event_and_timeline(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    user_id, ids = await missed(own, wall, 4)
    await add_channel(own, user_id, f"{receiver.url}/many")
    async with carrying(own, wall):
        await fire(own, wall, digest_above=3)
        await are(own, user_id, "delivered")
    (message,) = receiver.messages["/many"]
    assert (message["kind"], message["title"]) == ("digest", "4 reminders were missed")
    lines = [f"- Missed {index} (was to come at 08:0{index})" for index in range(4)]
    assert message["body"].splitlines() == lines
    assert {UUID(one) for one in message["reminder_ids"]} == set(ids)
    digests = [one.reminder.digest for one in await reminder_events(own, ids) if one.reminder]
    assert [one.place for one in digests if one] == [1, 2, 3, 4]
    assert {(str(one.id), one.missed) for one in digests if one} == {(message["id"], 4)}
    for reminder in ids:
        told = [one for one in await history(own, reminder) if one.what == "delivered"]
        assert [str(one.digest_id) for one in told] == [message["id"]]


async def test_a_digest_that_is_fired_in_pieces_is_one_digest(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    user_id, ids = await missed(own, wall, 8)
    await add_channel(own, user_id, f"{receiver.url}/pieces")
    is_more = True
    while is_more:
        async with own.transaction() as transaction:
            found = await trigger(transaction, wall.at, 3, None, Terms(("hook",), 4))
        is_more = found.is_anything
    async with carrying(own, wall):
        await are(own, user_id, "delivered")
    (message,) = receiver.messages["/pieces"]
    assert len(message["reminder_ids"]) == 8
    digests = [one.reminder.digest for one in await reminder_events(own, ids) if one.reminder]
    assert [one.place for one in digests if one] == list(range(1, 9))
    assert len({one.id for one in digests if one}) == 1


async def test_two_workers_that_fire_parts_of_it_at_once_make_one_digest_that_goes_out_at_once(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    user_id, ids = await missed(own, wall, 8)
    await add_channel(own, user_id, f"{receiver.url}/both")

    async def fire_the_rest() -> None:
        async with own.transaction() as transaction:
            await trigger(transaction, wall.at, 500, ids, Terms(("hook",), 4))

    async with asyncio.TaskGroup() as group, own.transaction() as transaction:
        await trigger(transaction, wall.at, 4, ids, Terms(("hook",), 4))
        other = group.create_task(fire_the_rest())
        await waits_or_ends(own, other)
        assert not other.done()
    async with carrying(own, wall):
        await are(own, user_id, "delivered")
    (message,) = receiver.messages["/both"]
    assert len(message["reminder_ids"]) == 8


async def test_whoever_joins_a_digest_never_waits_for_whoever_claims_it(own: Database) -> None:
    wall = Wall()
    user_id, ids = await missed(own, wall, 8)
    way = Way(await add_channel(own, user_id, "http://unused.example"), "hook")
    async with own.transaction() as transaction:
        await trigger(transaction, wall.at, 4, ids, Terms(("hook",), 4))
    later, claimed = wall.at + 2 * MINUTE, []

    async def claim_by_a_clock_ahead() -> None:
        async with own.transaction() as transaction:
            claimed.extend(
                await claims.claim(transaction, "hook", later, later + MINUTE, 8, UUID(int=1))
            )

    async with asyncio.TaskGroup() as group, own.transaction() as transaction:
        found = await due.lock(transaction, wall.at, 500, ids)
        joining = {user_id: Joining(UUID(int=2), len(found), 8)}
        digests = await due.join_digests(transaction, joining, wall.at, wall.at + MINUTE)
        other = group.create_task(claim_by_a_clock_ahead())
        await waits_or_ends(own, other)
        fired = joined(firings(found, (), wall.at), digests, wall.at)
        digest = digests[user_id].id
        begun = [Begun(digest, one, way, wall.at + MINUTE) for one in fired]
        await deliveries.begin(transaction, begun, wall.at)
    assert [one.id for one in claimed] == [digest]
    async with own.transaction(read_only=True) as transaction:
        assert len(await transaction.rows(TOLD, digest)) == 8


async def test_who_joins_a_digest_late_puts_it_off(own: Database) -> None:
    wall = Wall()
    user_id, ids = await missed(own, wall, 8)
    await add_channel(own, user_id, "http://unused.example")
    for _ in range(2):
        async with own.transaction() as transaction:
            await trigger(transaction, wall.at, 3, ids, Terms(("hook",), 4))
        wall.at += 30 * timedelta(seconds=1)
    async with own.transaction(read_only=True) as transaction:
        at = await transaction.value("SELECT next_at FROM reminders.deliveries")
    assert at == wall.at - 30 * timedelta(seconds=1) + DIGEST_PATIENCE + DIGEST_PAUSE


async def test_of_very_many_the_first_are_named_and_all_are_counted(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    user_id, ids = await missed(own, wall, MOST_NAMED + 5)
    async with own.transaction() as transaction:
        await transaction.execute(MAKE_URGENT, ids[-1])
    await add_channel(own, user_id, f"{receiver.url}/very")
    await fire(own, wall)
    person = Person(user_id, ids[0], wall.at)
    async with own.transaction() as transaction:
        await acknowledge(transaction, person)
    async with carrying(own, wall):
        await are(own, user_id, "delivered")
    (message,) = receiver.messages["/very"]
    assert (message["title"], message["priority"]) == ("24 reminders were missed", "urgent")
    assert message["reminder_ids"] == [str(one) for one in (ids[-1], *ids[1:MOST_NAMED])]
    assert message["body"].splitlines()[-1] == "and 4 more"
    assert [one.what for one in await history(own, ids[-1])][-1] == "delivered"


async def test_the_next_outage_makes_a_digest_of_its_own(own: Database, receiver: Receiver) -> None:
    wall = Wall()
    seen = set()
    user_id = make_task().user_id
    await add_channel(own, user_id, f"{receiver.url}/two")
    for _ in range(2):
        ids = []
        for index in range(4):
            task = make_task(Reminder(at=wall.at + index * MINUTE))
            ids.append(await planned(own, replace(task, user_id=user_id), wall))
        wall.at += HOUR
        await fire(own, wall, digest_above=3)
        wall.at -= MINUTE
        digests = [one.reminder.digest for one in await reminder_events(own, ids) if one.reminder]
        seen |= {one.id for one in digests if one}
        assert [one.place for one in digests if one] == [1, 2, 3, 4]
    wall.at += HOUR
    assert len(seen) == 2
    async with carrying(own, wall):
        await are(own, user_id, "delivered", "delivered")


async def test_a_digest_that_a_clock_far_ahead_has_opened_is_not_joined_when_it_is_right_again(
    own: Database,
) -> None:
    wall = Wall()
    start = wall.at
    _, ids = await missed(own, wall, 6)
    wall.at += timedelta(days=365)
    async with own.transaction() as transaction:
        await trigger(transaction, wall.at, 4, None, Terms((), 3))
    wall.at = start + 5 * HOUR
    await fire(own, wall, digest_above=9)
    facts = [one.reminder for one in await reminder_events(own, ids) if one.reminder]
    assert [bool(one.digest) for one in facts] == [True] * 4 + [False] * 2


async def test_what_is_done_or_moved_before_a_digest_goes_out_is_not_in_it(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    user_id, tasks = make_task().user_id, []
    for index in range(4):
        task = make_task(Reminder(offset="PT1H"), due=wall.at + HOUR + index * MINUTE)
        tasks.append(replace(task, user_id=user_id, title=f"Missed {index}"))
        await planned(own, tasks[-1], wall)
    await add_channel(own, user_id, f"{receiver.url}/rest")
    wall.at += 3 * HOUR
    await fire(own, wall, digest_above=3)
    done = replace(tasks[0], status="completed", version=2)
    await follow(own, make_event(done, wall.at, "task.completed"))
    moved = replace(tasks[1], due_date="2026-04-01T09:00:00Z", version=2)
    await follow(own, make_event(moved, wall.at, "task.updated"))
    async with carrying(own, wall):
        await are(own, user_id, "delivered")
    (message,) = receiver.messages["/rest"]
    assert message["body"].count("Missed") == 2
    assert message["title"] == "2 reminders were missed"


async def test_what_was_missed_and_then_met_quiet_hours_is_late_and_told_of_together_at_their_end(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    user_id, ids = await missed(own, wall, 4)
    async with connected(own._dsn, "taskflow_task_api") as accounts:
        await add_person(accounts, user_id, **QUIET)
    await add_channel(own, user_id, f"{receiver.url}/late")
    await fire(own, wall, digest_above=3)
    assert await reminder_events(own, ids) == []
    wall.at += 9 * HOUR
    await fire(own, wall, digest_above=3)
    facts = [one.reminder for one in await reminder_events(own, ids) if one.reminder]
    assert [one.late_by_seconds // 60 for one in facts] == [12 * 60 - index for index in range(4)]
    assert [one.digest.place for one in facts if one.digest] == [1, 2, 3, 4]
    async with carrying(own, wall):
        await are(own, user_id, "delivered")
    (message,) = receiver.messages["/late"]
    assert message["late_by_seconds"] == 12 * 3600
    for reminder in ids:
        steps = [one.what for one in await history(own, reminder)]
        assert steps == ["planned", "due", "postponed", "fired", "handed_over", "delivered"]


async def test_what_quiet_hours_would_have_held_up_in_any_case_was_not_missed(
    own: Database,
) -> None:
    wall = Wall()
    user_id, ids = await missed(own, wall, 4)
    async with connected(own._dsn, "taskflow_task_api") as accounts:
        await add_person(accounts, user_id, quiet_hours={"start": "07:00", "end": "20:00"})
    await fire(own, wall, digest_above=3)
    wall.at += 9 * HOUR
    await fire(own, wall, digest_above=3)
    facts = [one.reminder for one in await reminder_events(own, ids) if one.reminder]
    assert [(one.late_by_seconds, bool(one.digest)) for one in facts] == [(0, False)] * 4
