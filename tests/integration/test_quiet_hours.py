"""What quiet hours hold up, and what lets it come before they end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace
from tests.carrying import add_person, fire, history, until
from tests.installation import Server
from tests.planning import Wall, follow, make_event, make_task, reminder_events

from taskflow.accounts.commands import update_profile
from taskflow.accounts.model import PreferencesPatch, QuietHoursPatch
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.events.payloads import Nag, Reminder, TaskState
from taskflow.services.reminder import storage
from taskflow.services.reminder.history import Person
from taskflow.services.reminder.postponements import Postponements
from taskflow.services.reminder.reactions import snooze
from taskflow.services.reminder.schedule_memory import MemorySchedule
from taskflow.services.reminder.scheduler import plans
from taskflow.services.reminder.trigger import Terms, trigger

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
EVENING = datetime(2026, 3, 2, 23, tzinfo=UTC)
MORNING = datetime(2026, 3, 3, 7, tzinfo=UTC)
# The last that a connection which listens has asked.
END_LISTENERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE query LIKE 'LISTEN%' AND datname = current_database()
"""
QUIET = {"quiet_hours": {"start": "22:00", "end": "07:00"}}


@pytest.fixture
async def own(dsn: str) -> AsyncIterator[Database]:
    """The reminder service's connections."""
    database = Database(dsn, "taskflow_reminders", Hints())
    await database.open()
    yield database
    await database.close()


async def fired_at(own: Database, reminder: UUID) -> list[datetime]:
    """The times that a reminder has fired for."""
    events = await reminder_events(own, [reminder])
    return [one.reminder.fire_at for one in events if one.reminder]


async def held(own: Database, database: Database, wall: Wall, nag: Nag | None = None) -> TaskState:
    """A task whose reminder was due at 23:00, in its owner's quiet hours."""
    wall.at = EVENING
    task = make_task(Reminder(at=wall.at, nag=nag))
    await add_person(database, task.user_id, **QUIET)
    await follow(own, make_event(task, wall.at - HOUR))
    await fire(own, wall)
    assert await fired_at(own, plans(task)[0].id) == []
    return task


async def change(own: Database, task: TaskState, wall: Wall) -> None:
    await follow(own, make_event(task, wall.at, "task.updated"))


async def test_a_task_that_is_made_urgent_reminds_at_once_of_what_was_held_up(
    own: Database, database: Database
) -> None:
    wall = Wall()
    task = await held(own, database, wall)
    reminder = plans(task)[0].id
    wall.at += HOUR
    await change(own, replace(task, version=2, priority="urgent"), wall)
    await fire(own, wall)
    assert await fired_at(own, reminder) == [wall.at]
    told = {one.what: one for one in await history(own, reminder)}
    assert (told["replanned"].old, told["replanned"].new) == (MORNING, wall.at)
    assert (told["fired"].late_by_seconds, told["due"].at) == (0, wall.at)


async def test_a_task_that_is_made_urgent_does_not_remind_before_its_time(
    own: Database, database: Database
) -> None:
    # The clock was wrong when it was held up.
    wall = Wall()
    task = await held(own, database, wall)
    wall.at -= HOUR
    await change(own, replace(task, version=2, priority="urgent"), wall)
    await fire(own, wall)
    assert await fired_at(own, plans(task)[0].id) == []
    wall.at = EVENING
    await fire(own, wall)
    assert await fired_at(own, plans(task)[0].id) == [EVENING]


async def test_what_was_held_up_and_missed_before_is_late_still_when_its_task_is_made_urgent(
    own: Database, database: Database
) -> None:
    wall = Wall()
    wall.at = EVENING
    task = make_task(Reminder(at=wall.at - 2 * HOUR))
    await add_person(database, task.user_id, **QUIET)
    await follow(own, make_event(task, wall.at - 3 * HOUR))
    await fire(own, wall)
    await change(own, replace(task, version=2, priority="urgent"), wall)
    await fire(own, wall)
    fired = next(one for one in await history(own, plans(task)[0].id) if one.what == "fired")
    assert (fired.fire_at, fired.late_by_seconds) == (EVENING - 2 * HOUR, 7200)


async def test_another_change_of_its_task_does_not_let_it_come_before_the_end(
    own: Database, database: Database
) -> None:
    wall = Wall()
    task = await held(own, database, wall)
    await change(own, replace(task, version=2, title="Another"), wall)
    await fire(own, wall)
    assert await fired_at(own, plans(task)[0].id) == []
    wall.at = MORNING
    await fire(own, wall)
    assert await fired_at(own, plans(task)[0].id) == [MORNING]


async def test_a_repetition_after_the_night_is_not_taken_for_one_that_was_held_up(
    own: Database, database: Database
) -> None:
    wall = Wall()
    task = await held(own, database, wall, Nag("PT1H", 3))
    wall.at = MORNING
    await fire(own, wall)
    wall.at += MINUTE
    await change(own, replace(task, version=2, priority="urgent"), wall)
    await fire(own, wall)
    assert await fired_at(own, plans(task)[0].id) == [MORNING]


async def test_what_its_owner_snoozed_comes_when_they_asked_for_it_in_quiet_hours_too(
    own: Database, database: Database
) -> None:
    wall = Wall()
    task = await held(own, database, wall)
    reminder = plans(task)[0].id
    async with own.transaction() as transaction:
        person = Person(task.user_id, reminder, wall.at)
        await snooze(transaction, person, wall.at + 5 * MINUTE, None)
    wall.at += 5 * MINUTE
    await fire(own, wall)
    assert await fired_at(own, reminder) == [wall.at]


async def test_a_repetition_of_what_was_snoozed_waits_for_the_end_of_quiet_hours(
    own: Database, database: Database
) -> None:
    wall = Wall()
    task = await held(own, database, wall, Nag("PT10M", 3))
    reminder = plans(task)[0].id
    async with own.transaction() as transaction:
        person = Person(task.user_id, reminder, wall.at)
        await snooze(transaction, person, wall.at + 5 * MINUTE, None)
    wall.at += 5 * MINUTE
    await fire(own, wall)
    wall.at += 10 * MINUTE
    await fire(own, wall)
    assert await fired_at(own, reminder) == [EVENING + 5 * MINUTE]


async def test_what_was_snoozed_and_missed_wakes_nobody_at_night(
    own: Database, database: Database
) -> None:
    wall = Wall()
    task = await held(own, database, wall)
    reminder = plans(task)[0].id
    async with own.transaction() as transaction:
        person = Person(task.user_id, reminder, wall.at)
        await snooze(transaction, person, wall.at + 5 * MINUTE, None)
    wall.at += 3 * HOUR
    await fire(own, wall)
    assert await fired_at(own, reminder) == []


async def prefer(database: Database, user_id: UUID, patch: PreferencesPatch) -> None:
    """Change what somebody wants, as the Task API does."""
    async with database.transaction() as transaction:
        await update_profile(transaction, user_id, EVENING, preferences=patch)


@asynccontextmanager
async def following(own: Database, wall: Wall) -> AsyncIterator[MemorySchedule]:
    """A replica that hears of changes, and its schedule."""
    schedule = MemorySchedule(wall)
    async with asyncio.TaskGroup() as group:
        loop = group.create_task(Postponements(own, schedule, wall).run())
        yield schedule
        loop.cancel()


async def comes_at(own: Database, task: TaskState) -> datetime:
    async with own.transaction(read_only=True) as transaction:
        return (await storage.find(transaction, task.user_id, plans(task)[0].id)).fire_at


@pytest.mark.parametrize("hours", [None, QuietHoursPatch("22:00", "23:30")])
async def test_when_quiet_hours_are_turned_off_or_end_earlier_what_they_held_up_comes_at_once(
    own: Database, database: Database, hours: QuietHoursPatch | None
) -> None:
    wall = Wall()
    task = await held(own, database, wall)
    wall.at += HOUR
    async with following(own, wall) as schedule:
        await prefer(database, task.user_id, PreferencesPatch(quiet_hours=hours))
        await until(lambda: is_next(schedule, wall.at))
    await fire(own, wall)
    reminder = plans(task)[0].id
    assert await fired_at(own, reminder) == [wall.at]
    told = {one.what: one for one in await history(own, reminder)}
    assert (told["replanned"].old, told["replanned"].new) == (MORNING, wall.at)
    assert told["replanned"].reason == "quiet hours were changed"
    assert told["fired"].late_by_seconds == 0


async def is_next(schedule: MemorySchedule, at: datetime) -> bool:
    return schedule.next == at


async def test_when_quiet_hours_end_later_what_they_hold_up_waits_for_that(
    own: Database, database: Database
) -> None:
    wall = Wall()
    task = await held(own, database, wall)
    async with following(own, wall) as schedule:
        later = PreferencesPatch(quiet_hours=QuietHoursPatch(end="08:00"))
        await prefer(database, task.user_id, later)
        await until(lambda: is_next(schedule, MORNING + HOUR))
        await prefer(database, task.user_id, PreferencesPatch(quiet_hours=None))
        await until(lambda: is_next(schedule, wall.at))
    assert [
        one.new for one in await history(own, plans(task)[0].id) if one.what == "replanned"
    ] == [
        MORNING + HOUR,
        wall.at,
    ]


async def test_whoever_moves_to_another_time_zone_takes_their_quiet_hours_along(
    own: Database, database: Database
) -> None:
    wall = Wall()
    task = await held(own, database, wall)
    async with following(own, wall) as schedule:
        async with database.transaction() as transaction:
            await update_profile(transaction, task.user_id, wall.at, timezone="Europe/Berlin")
        await until(lambda: is_next(schedule, MORNING - HOUR))
    assert await comes_at(own, task) == MORNING - HOUR


async def test_what_was_changed_while_nobody_heard_is_found_out_and_what_was_not_stays(
    own: Database, database: Database
) -> None:
    wall = Wall()
    task, other = await held(own, database, wall), await held(own, database, wall)
    await prefer(database, task.user_id, PreferencesPatch(quiet_hours=None))
    async with following(own, wall) as schedule:
        await until(lambda: is_next(schedule, wall.at))
    assert await comes_at(own, other) == MORNING
    assert [one.what for one in await history(own, plans(other)[0].id)] == ["planned", "postponed"]


async def test_whoever_hears_nothing_any_more_listens_again(
    own: Database, database: Database, server: Server
) -> None:
    wall = Wall()
    task = await held(own, database, wall)

    async def is_ended() -> bool:
        return bool(await server.fetch(END_LISTENERS))

    async with following(own, wall) as schedule:
        await until(is_ended)
        await prefer(database, task.user_id, PreferencesPatch(quiet_hours=None))
        await until(lambda: is_next(schedule, wall.at))
    assert await comes_at(own, task) == wall.at


async def test_what_is_held_up_while_its_owner_turns_quiet_hours_off_comes_at_once(
    own: Database, database: Database
) -> None:
    wall = Wall()
    other = await held(own, database, wall)
    task = make_task(Reminder(at=wall.at))
    await add_person(database, task.user_id, **QUIET)
    await follow(own, make_event(task, wall.at - HOUR))
    off = PreferencesPatch(quiet_hours=None)
    async with following(own, wall) as schedule:
        async with own.transaction() as transaction:
            await trigger(transaction, wall.at, 10, None, Terms())
            await prefer(database, task.user_id, off)
            # They are followed in their order: once this one is, nobody looks for the former.
            await prefer(database, other.user_id, off)
            await until(lambda: is_next(schedule, wall.at))
        await until(lambda: comes(own, task, wall.at))


async def comes(own: Database, task: TaskState, at: datetime) -> bool:
    return await comes_at(own, task) == at


async def complete(own: Database, task: TaskState, wall: Wall) -> None:
    done = replace(task, version=2, status="completed")
    await follow(own, make_event(done, wall.at, "task.completed"))


async def test_what_is_reopened_comes_by_the_quiet_hours_that_hold_by_then(
    own: Database, database: Database
) -> None:
    wall = Wall()
    task = await held(own, database, wall)
    wall.at += MINUTE
    await complete(own, task, wall)
    await prefer(database, task.user_id, PreferencesPatch(quiet_hours=None))
    wall.at += MINUTE
    await change(own, replace(task, version=3), wall)
    await fire(own, wall)
    reminder = plans(task)[0].id
    assert await fired_at(own, reminder) == [wall.at]
    fired = next(one for one in await history(own, reminder) if one.what == "fired")
    assert fired.late_by_seconds == 0


async def test_what_is_reopened_at_night_waits_for_the_end_of_quiet_hours_again(
    own: Database, database: Database
) -> None:
    wall = Wall()
    task = await held(own, database, wall)
    await complete(own, task, wall)
    wall.at += HOUR
    await change(own, replace(task, version=3), wall)
    await fire(own, wall)
    assert await fired_at(own, plans(task)[0].id) == []
    assert await comes_at(own, task) == MORNING
    wall.at = MORNING
    await fire(own, wall)
    assert await fired_at(own, plans(task)[0].id) == [MORNING]


async def test_a_repetition_that_goes_on_after_the_night_keeps_its_own_time(
    own: Database, database: Database
) -> None:
    wall = Wall()
    wall.at = EVENING - 2 * HOUR
    task = make_task(Reminder(at=wall.at, nag=Nag("PT90M", 10)))
    await add_person(database, task.user_id, **QUIET)
    await follow(own, make_event(task, wall.at - HOUR))
    await fire(own, wall)
    wall.at += 90 * MINUTE
    await fire(own, wall)
    await complete(own, task, wall)
    wall.at = MORNING + HOUR
    await change(own, replace(task, version=3), wall)
    await Postponements(own, MemorySchedule(wall), wall).look()
    assert await comes_at(own, task) == MORNING + 90 * MINUTE
    assert "replanned" not in [one.what for one in await history(own, plans(task)[0].id)]
