"""A reminder that quiet hours hold up, and what its owner does about it."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace
from tests.carrying import add_person, fire
from tests.planning import Wall, follow, make_event, make_task, reminder_events

from taskflow.accounts.commands import update_profile
from taskflow.accounts.model import PreferencesPatch
from taskflow.db.engine import Database
from taskflow.events.payloads import Nag, Reminder, TaskState
from taskflow.services.reminder import storage
from taskflow.services.reminder.scheduler import plans

HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
EVENING: Final = datetime(2026, 3, 2, 23, tzinfo=UTC)
MORNING: Final = datetime(2026, 3, 3, 7, tzinfo=UTC)
QUIET: Final = {"quiet_hours": {"start": "22:00", "end": "07:00"}}


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


async def complete(own: Database, task: TaskState, wall: Wall) -> None:
    done = replace(task, version=2, status="completed")
    await follow(own, make_event(done, wall.at, "task.completed"))


async def prefer(database: Database, user_id: UUID, patch: PreferencesPatch) -> None:
    """Change what somebody wants, as the Task API does."""
    async with database.transaction() as transaction:
        await update_profile(transaction, user_id, EVENING, preferences=patch)


async def comes_at(own: Database, task: TaskState) -> datetime:
    async with own.transaction(read_only=True) as transaction:
        return (await storage.find(transaction, task.user_id, plans(task)[0].id)).fire_at
