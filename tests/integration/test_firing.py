"""What fires, when, and what is said of it: quiet hours, nagging, catching up, and odd clocks."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace
from tests.carrying import add_channel, add_person, fire, history, states
from tests.planning import (
    Wall,
    follow,
    make_event,
    make_task,
    plan_reminders,
    reminder_events,
    statuses,
)

from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.events.payloads import Nag, Reminder, TaskState
from taskflow.services.reminder import storage
from taskflow.services.reminder.history import Person
from taskflow.services.reminder.reactions import snooze
from taskflow.services.reminder.scheduler import plans

End = Callable[[Database, TaskState, Wall], Awaitable[None]]
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
QUIET = {"quiet_hours": {"start": "22:00", "end": "07:00"}}


@pytest.fixture
async def own(dsn: str) -> AsyncIterator[Database]:
    """The reminder service's connections."""
    database = Database(dsn, "taskflow_reminders", Hints())
    await database.open()
    yield database
    await database.close()


async def planned(own: Database, task: TaskState, wall: Wall) -> UUID:
    """The reminder of a task that was asked for an hour ago."""
    await follow(own, make_event(task, wall.at - HOUR))
    return plans(task)[0].id


async def fired_at(own: Database, reminder: UUID) -> list[datetime]:
    """The times that a reminder has fired for."""
    events = await reminder_events(own, [reminder])
    return [one.reminder.fire_at for one in events if one.reminder]


async def test_quiet_hours_hold_a_reminder_until_they_end_and_the_timeline_says_so(
    own: Database, database: Database
) -> None:
    wall = Wall()
    wall.at = datetime(2026, 3, 2, 23, tzinfo=UTC)
    task = make_task(Reminder(at=wall.at))
    await add_person(database, task.user_id, **QUIET)
    reminder = await planned(own, task, wall)
    await fire(own, wall)
    assert await fired_at(own, reminder) == []
    morning = datetime(2026, 3, 3, 7, tzinfo=UTC)
    told = (await history(own, reminder))[-1]
    assert (told.what, told.until, told.reason) == ("postponed", morning, "quiet hours")
    wall.at = morning
    await fire(own, wall)
    event = (await reminder_events(own, [reminder]))[0]
    assert event.reminder
    assert (event.reminder.fire_at, event.reminder.late_by_seconds) == (morning, 0)


async def test_an_urgent_task_reminds_in_quiet_hours_too(own: Database, database: Database) -> None:
    wall = Wall()
    wall.at = datetime(2026, 3, 2, 23, tzinfo=UTC)
    task = replace(make_task(Reminder(at=wall.at)), priority="urgent")
    await add_person(database, task.user_id, **QUIET)
    reminder = await planned(own, task, wall)
    await fire(own, wall)
    assert await fired_at(own, reminder) == [wall.at]


async def test_who_wants_to_be_told_of_nothing_gets_no_message_and_can_see_why(
    own: Database, database: Database
) -> None:
    wall = Wall()
    task = make_task(Reminder(at=wall.at))
    await add_person(database, task.user_id, level="none")
    await add_channel(own, task.user_id, "http://127.0.0.1:1/")
    reminder = await planned(own, task, wall)
    await fire(own, wall)
    assert await states(own, task.user_id) == []
    assert (await history(own, reminder))[-1].reason == "notifications are set to none"


async def test_a_reminder_nags_until_it_has_done_so_often_enough(own: Database) -> None:
    wall = Wall()
    first = wall.at
    task = make_task(Reminder(at=first, nag=Nag("PT10M", 2)))
    reminder = await planned(own, task, wall)
    for minutes in (0, 5, 10, 20, 30, 40):
        wall.at = first + minutes * MINUTE
        await fire(own, wall)
    assert await fired_at(own, reminder) == [first + minutes * MINUTE for minutes in (0, 10, 20)]
    events = await reminder_events(own, [reminder])
    assert len({one.event_id for one in events}) == 3
    assert [one.reminder.repetition or 0 for one in events if one.reminder] == [0, 1, 2]
    assert await statuses(own, [reminder]) == {reminder: "sent"}
    steps = [one.repetition for one in await history(own, reminder) if one.what == "fired"]
    assert steps == [None, 1, 2]


async def test_completing_the_task_ends_the_nagging(own: Database) -> None:
    wall = Wall()
    task = make_task(Reminder(at=wall.at, nag=Nag("PT10M", 5)))
    reminder = await planned(own, task, wall)
    await fire(own, wall)
    done = replace(task, status="completed", version=2)
    await follow(own, make_event(done, wall.at, "task.completed"))
    wall.at += HOUR
    await fire(own, wall)
    assert len(await fired_at(own, reminder)) == 1
    assert (await statuses(own, [reminder]))[reminder] == "cancelled"


async def test_acknowledging_ends_the_nagging(own: Database) -> None:
    wall = Wall()
    task = make_task(Reminder(at=wall.at, nag=Nag("PT10M", 5)))
    reminder = await planned(own, task, wall)
    await fire(own, wall)
    async with own.transaction() as transaction:
        await storage.acknowledge(transaction, reminder, wall.at)
    wall.at += HOUR
    await fire(own, wall)
    assert len(await fired_at(own, reminder)) == 1


async def _delete(own: Database, task: TaskState, wall: Wall) -> None:
    await follow(own, make_event(replace(task, version=2), wall.at, "task.deleted"))


async def _nag_no_more(own: Database, task: TaskState, wall: Wall) -> None:
    plain = replace(task, version=2, reminders=(Reminder(at=task.reminders[0].at),))
    await follow(own, make_event(plain, wall.at, "task.updated"))


async def _remind_no_more(own: Database, task: TaskState, wall: Wall) -> None:
    await follow(own, make_event(replace(task, version=2, reminders=()), wall.at, "task.updated"))


@pytest.mark.parametrize("end", [_delete, _nag_no_more, _remind_no_more])
async def test_whatever_takes_the_nagging_away_ends_it(own: Database, end: End) -> None:
    wall = Wall()
    task = make_task(Reminder(at=wall.at, nag=Nag("PT10M", 5)))
    reminder = await planned(own, task, wall)
    await fire(own, wall)
    await end(own, task, wall)
    wall.at += HOUR
    await fire(own, wall)
    assert len(await fired_at(own, reminder)) == 1


async def test_a_snooze_begins_the_nagging_afresh_and_it_ends_as_before(own: Database) -> None:
    wall = Wall()
    start = wall.at
    task = make_task(Reminder(at=start, nag=Nag("PT10M", 2)))
    reminder = await planned(own, task, wall)
    await fire(own, wall)
    async with own.transaction() as transaction:
        await storage.snooze(transaction, reminder, start + 15 * MINUTE)
    for minutes in range(0, 90, 5):
        wall.at = start + minutes * MINUTE
        await fire(own, wall)
    fired = [(at - start) // MINUTE for at in await fired_at(own, reminder)]
    assert fired == [0, 15, 25, 35]


async def test_quiet_hours_hold_up_a_repetition_and_the_rest_follows(
    own: Database, database: Database
) -> None:
    wall = Wall()
    wall.at = start = datetime(2026, 3, 2, 21, 55, tzinfo=UTC)
    task = make_task(Reminder(at=start, nag=Nag("PT10M", 2)))
    await add_person(database, task.user_id, **QUIET)
    reminder = await planned(own, task, wall)
    morning = datetime(2026, 3, 3, 7, tzinfo=UTC)
    for at in (start, start + 10 * MINUTE, morning, morning + 10 * MINUTE, morning + HOUR):
        wall.at = at
        await fire(own, wall)
    assert await fired_at(own, reminder) == [start, morning, morning + 10 * MINUTE]
    assert await statuses(own, [reminder]) == {reminder: "sent"}


async def test_repetitions_that_an_outage_swallowed_are_passed_over(own: Database) -> None:
    wall = Wall()
    first = wall.at
    task = make_task(Reminder(at=first, nag=Nag("PT10M", 5)))
    reminder = await planned(own, task, wall)
    wall.at = first + 25 * MINUTE
    await fire(own, wall)
    wall.at = first + 30 * MINUTE
    await fire(own, wall)
    assert await fired_at(own, reminder) == [first, first + 30 * MINUTE]
    events = await reminder_events(own, [reminder])
    assert [one.reminder.repetition or 0 for one in events if one.reminder] == [0, 3]
    fired = [one.text for one in await history(own, reminder) if one.what == "fired"]
    assert fired[0].endswith("; 2 repetitions were passed over")
    assert fired[1] == "It fired at its time, as its 3rd repetition"


async def test_a_clock_that_jumps_back_fires_nothing_twice_and_loses_nothing(
    own: Database,
) -> None:
    wall = Wall()
    start = wall.at
    ids = await plan_reminders(own, wall, [start + minutes * MINUTE for minutes in range(0, 60, 5)])
    for jump in (10, -30, 20, -600, 25, 60, -1, 600):
        wall.at = start + jump * MINUTE
        await fire(own, wall)
    events = await reminder_events(own, ids)
    assert len(events) == len({one.event_id for one in events}) == len(ids)
    assert all(one.reminder.late_by_seconds >= 0 for one in events if one.reminder)
    assert set((await statuses(own, ids)).values()) == {"sent"}


async def test_a_machine_that_slept_through_them_fires_all_of_them_late(own: Database) -> None:
    wall = Wall()
    ids = await plan_reminders(own, wall, [wall.at + hours * HOUR for hours in range(1, 4)])
    await fire(own, wall)
    assert await reminder_events(own, ids) == []
    wall.at += timedelta(days=3)
    await fire(own, wall)
    late = [one.reminder.late_by_seconds for one in await reminder_events(own, ids) if one.reminder]
    assert late == [hours * 3600 for hours in (71, 70, 69)]


@pytest.mark.parametrize(
    ("due", "zone", "offset", "fires_at"),
    [
        # On 29 March 2026 Berlin has no 02:30; on 25 October it has two, and the first is meant.
        ("2026-03-30T00:30:00Z", "Europe/Berlin", "P1D", "2026-03-29T01:30:00+00:00"),
        ("2026-10-26T01:30:00Z", "Europe/Berlin", "P1D", "2026-10-25T00:30:00+00:00"),
        # A day before 1 March is a leap day in 2028, and none in 2027.
        ("2028-03-01T09:00:00Z", "UTC", "P1D", "2028-02-29T09:00:00+00:00"),
        ("2027-03-01T09:00:00Z", "UTC", "P1D", "2027-02-28T09:00:00+00:00"),
        # What is due on a leap day, which in Auckland begins the day before.
        ("2028-02-28T11:30:00Z", "Pacific/Auckland", "P1D", "2028-02-27T11:30:00+00:00"),
    ],
)
async def test_a_reminder_at_an_odd_moment_of_the_calendar_fires_exactly_then_and_once(
    own: Database, due: str, zone: str, offset: str, fires_at: str
) -> None:
    wall = Wall()
    task = replace(make_task(Reminder(offset=offset)), due_date=due, timezone=zone)
    reminder = await planned(own, task, wall)
    at = datetime.fromisoformat(fires_at)
    for moment in (at - timedelta(microseconds=1), at, at + HOUR):
        wall.at = moment
        await fire(own, wall)
        assert len(await fired_at(own, reminder)) == (moment >= at)
    assert await fired_at(own, reminder) == [at]


async def test_a_reminder_snoozed_to_a_time_it_has_fired_at_is_told_again_after_the_clock_went_back(
    own: Database,
) -> None:
    wall = Wall()
    fires_at = wall.at
    task = make_task(Reminder(at=fires_at))
    await add_channel(own, task.user_id, "http://127.0.0.1:1/")
    reminder = await planned(own, task, wall)
    await fire(own, wall)
    wall.at -= 3 * HOUR
    async with own.transaction() as transaction:
        await snooze(transaction, Person(task.user_id, reminder, wall.at), fires_at, None)
    wall.at = fires_at
    await fire(own, wall)
    events = await reminder_events(own, [reminder])
    assert len({one.event_id for one in events}) == 2
    assert sorted(await states(own, task.user_id)) == ["stopped", "waiting"]


async def test_a_task_moved_away_and_back_after_the_clock_went_back_is_told_of_again(
    own: Database,
) -> None:
    wall = Wall()
    fires_at = wall.at
    task = make_task(Reminder(offset="PT1H"), due=fires_at + HOUR)
    reminder = await planned(own, task, wall)
    await fire(own, wall)
    wall.at -= 3 * HOUR
    away = replace(task, version=2, due_date="2026-03-05T09:00:00Z")
    await follow(own, make_event(away, wall.at, "task.updated"))
    await follow(own, make_event(replace(task, version=3), wall.at, "task.updated"))
    wall.at = fires_at
    await fire(own, wall)
    events = await reminder_events(own, [reminder])
    assert len({one.event_id for one in events}) == 2
