"""What quiet hours hold up, and what becomes of its task meanwhile."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace
from tests.carrying import add_person, fire, history
from tests.held_up import (
    EVENING,
    HOUR,
    MINUTE,
    MORNING,
    QUIET,
    change,
    comes_at,
    complete,
    fired_at,
    held,
    prefer,
)
from tests.planning import Wall, follow, make_event, make_task

from taskflow.accounts.model import PreferencesPatch
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.events.payloads import Nag, Reminder
from taskflow.services.reminder.history import Person
from taskflow.services.reminder.postponements import Postponements
from taskflow.services.reminder.reactions import snooze
from taskflow.services.reminder.schedule_memory import MemorySchedule
from taskflow.services.reminder.scheduler import plans


@pytest.fixture
async def own(dsn: str) -> AsyncIterator[Database]:
    """The reminder service's connections."""
    database = Database(dsn, "taskflow_reminders", Hints())
    await database.open()
    yield database
    await database.close()


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
