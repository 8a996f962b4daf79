"""What quiet hours hold up comes as soon as they do not any more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import pytest
from tests.carrying import add_person, fire, history, until
from tests.explained import explaining
from tests.held_up import (
    EVENING,
    HOUR,
    MORNING,
    QUIET,
    comes_at,
    fired_at,
    held,
    prefer,
)
from tests.installation import Server
from tests.planning import Wall, follow, make_event, make_task

from taskflow.accounts.commands import update_profile
from taskflow.accounts.model import PreferencesPatch, QuietHoursPatch
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.events.payloads import Reminder, TaskState
from taskflow.services.reminder import postponements
from taskflow.services.reminder.postponements import PAGE_SIZE, Postponements
from taskflow.services.reminder.schedule_memory import MemorySchedule
from taskflow.services.reminder.scheduler import plans
from taskflow.services.reminder.trigger import Terms, trigger

MANY = 3_000
# As many more of the same task as make more than a page, each held up as the first one is.
MORE = """
INSERT INTO reminders.reminders
       (id, task_id, user_id, planned_at, fire_at, status, postponed_from)
SELECT gen_random_uuid(), task_id, user_id, planned_at, fire_at, status, postponed_from
  FROM reminders.reminders, generate_series(1, $2) WHERE task_id = $1
"""
TOUCHED = """
SELECT count(DISTINCT xmin::text) FILTER (WHERE fire_at = $2), count(*) FILTER (WHERE fire_at <> $2)
  FROM reminders.reminders WHERE task_id = $1
"""
END_LISTENERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE application_name LIKE 'taskflow_reminders listening %' AND datname = current_database()
"""


@pytest.fixture
async def own(dsn: str) -> AsyncIterator[Database]:
    """The reminder service's connections."""
    database = Database(dsn, "taskflow_reminders", Hints())
    await database.open()
    yield database
    await database.close()


@asynccontextmanager
async def following(own: Database, wall: Wall) -> AsyncIterator[MemorySchedule]:
    """A replica that hears of changes, and its schedule."""
    schedule = MemorySchedule(wall)
    async with asyncio.TaskGroup() as group:
        loop = group.create_task(Postponements(own, schedule, wall).run())
        yield schedule
        loop.cancel()


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


async def test_very_many_that_are_held_up_follow_a_page_after_the_other(
    own: Database, database: Database
) -> None:
    wall = Wall()
    task = await held(own, database, wall)
    async with own.transaction() as transaction:
        await transaction.execute(MORE, task.id, PAGE_SIZE)
    await prefer(database, task.user_id, PreferencesPatch(quiet_hours=None))
    postponements = Postponements(own, MemorySchedule(wall), wall)
    for _ in range(2):
        await postponements.follow([task.user_id])
        async with own.transaction(read_only=True) as transaction:
            (found,) = await transaction.rows(TOUCHED, task.id, wall.at)
        assert tuple(found) == (2, 0)


async def test_nobody_looks_through_what_is_held_up_and_comes_as_it_should(
    own: Database, database: Database, server: Server
) -> None:
    task = await held(own, database, Wall())
    async with own.transaction() as transaction:
        await transaction.execute(MORE, task.id, MANY)
    await server.execute("ANALYZE reminders.reminders")
    async with explaining(own) as transaction:
        whose = (EVENING, [task.user_id], [MORNING])
        assert await transaction.rows(postponements.WHOSE, *whose) == []
        assert transaction.looked_at < MANY / 100, transaction.plans


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
    assert await comes_at(own, task) == wall.at


async def comes(own: Database, task: TaskState, at: datetime) -> bool:
    return await comes_at(own, task) == at
