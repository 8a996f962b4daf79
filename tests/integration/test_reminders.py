"""Reminders in PostgreSQL: planned late, fired late, told once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from msgspec import UNSET
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, Histogram
from tests.planning import (
    Wall,
    follow,
    make_event,
    make_task,
    plan_reminders,
    reminder_events,
    statuses,
)

from taskflow.base.ids import instant_of
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.events.payloads import Reminder
from taskflow.services.reminder.firing import Firing
from taskflow.services.reminder.schedule_memory import MemorySchedule
from taskflow.services.reminder.scheduler import plans
from taskflow.services.reminder.telling import ACTOR

HOUR = timedelta(hours=1)


@pytest.fixture
async def own(dsn: str) -> AsyncIterator[Database]:
    """The reminder service's connections."""
    database = Database(dsn, "taskflow_reminders", Hints())
    await database.open()
    yield database
    await database.close()


async def fire(database: Database, wall: Wall) -> None:
    """Fire all that is due."""
    lateness = Histogram("lateness", "Seconds.", registry=CollectorRegistry())
    firing = Firing(database, MemorySchedule(wall), wall, lateness)
    await firing.fire_due()


async def test_a_reminder_that_is_heard_of_after_its_time_fires_late(own: Database) -> None:
    wall = Wall()
    ids = await plan_reminders(own, wall, [wall.at - HOUR / 2])
    await fire(own, wall)
    event = (await reminder_events(own, ids))[0]
    assert event.reminder
    assert event.reminder.late_by_seconds == 1800


async def test_an_edit_after_its_time_does_not_take_a_reminder_that_has_not_fired(
    own: Database,
) -> None:
    wall = Wall()
    task = make_task(Reminder(at=wall.at))
    await follow(own, make_event(task, wall.at - HOUR))
    edited = replace(task, title="Edited", version=2)
    await follow(own, make_event(edited, wall.at + HOUR, "task.updated"))
    identity = plans(task)[0].id
    assert await statuses(own, [identity]) == {identity: "pending"}
    wall.at += 2 * HOUR
    await fire(own, wall)
    assert [one.task.title for one in await reminder_events(own, [identity])] == ["Edited"]


async def test_a_reminder_overdue_by_months_happens_when_it_fires_under_its_own_id(
    own: Database,
) -> None:
    wall = Wall()
    planned_at = wall.at
    ids = await plan_reminders(own, wall, [planned_at])
    wall.at += timedelta(days=100)
    await fire(own, wall)
    event = (await reminder_events(own, ids))[0]
    assert event.timestamp == wall.at
    assert event.reminder
    assert event.reminder.fire_at == planned_at
    assert event.reminder.late_by_seconds == 100 * 86_400
    assert instant_of(event.event_id) == planned_at


async def test_moving_a_due_date_plans_anew_and_forgets_the_earlier_firing(own: Database) -> None:
    wall = Wall()
    task = make_task(Reminder(offset="PT1H"), due=wall.at + HOUR)
    await follow(own, make_event(task, wall.at - HOUR))
    await fire(own, wall)
    identity = plans(task)[0].id
    assert await statuses(own, [identity]) == {identity: "sent"}
    moved = replace(task, due_date=(wall.at + 3 * HOUR).isoformat(), version=2)
    await follow(own, make_event(moved, wall.at, "task.updated"))
    assert await statuses(own, [identity]) == {identity: "pending"}
    async with own.transaction() as transaction:
        row = await transaction.row(
            "SELECT fire_at, fired_at, late_by_seconds FROM reminders.reminders WHERE id = $1",
            identity,
        )
    assert row is not None
    assert tuple(row) == (wall.at + 2 * HOUR, None, None)
    wall.at += 2 * HOUR
    await fire(own, wall)
    assert len({one.event_id for one in await reminder_events(own, [identity])}) == 2


async def test_a_task_is_told_of_as_it_is_whatever_is_written_in_it(own: Database) -> None:
    wall, reminder = Wall(), Reminder(at=Wall().at)
    odd = """%1$s %s 100% {}\\ "quoted" 'n' \u2028 \U0001f98a </script>\n\t"""
    task = replace(make_task(reminder), title=odd, description=odd, tags=(odd, ""))
    cause = replace(make_event(task, wall.at - HOUR), correlation_id=odd)
    await follow(own, cause)
    await fire(own, wall)
    (event,) = await reminder_events(own, [plans(task)[0].id])
    told = replace(event, reminder=UNSET, event_id=cause.event_id)
    facts = {"actor": ACTOR, "timestamp": wall.at, "causation_id": cause.event_id}
    assert told == replace(cause, event_type="reminder.triggered", **facts)


async def test_an_older_event_that_comes_late_changes_nothing(own: Database) -> None:
    wall = Wall()
    task = make_task(Reminder(at=wall.at + HOUR))
    newer = replace(task, version=2, reminders=())
    await follow(own, make_event(newer, wall.at, "task.updated"))
    await follow(own, make_event(task, wall.at))
    identity: UUID = plans(task)[0].id
    assert await statuses(own, [identity]) == {}
