"""A clock that jumps by hours while a nag, a snooze and quiet hours are pending together."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace
from tests.carrying import add_person, fire
from tests.planning import Wall, follow, make_event, make_task, reminder_events, statuses

from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.events.payloads import Nag, Reminder, TaskEvent
from taskflow.services.reminder import receipts
from taskflow.services.reminder.history import Person
from taskflow.services.reminder.postponements import Postponements
from taskflow.services.reminder.reactions import snooze
from taskflow.services.reminder.schedule_memory import MemorySchedule
from taskflow.services.reminder.scheduler import plans

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
EVENING = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)
LATER = datetime(2026, 5, 2, 12, tzinfo=UTC)
QUIET = {"quiet_hours": {"start": "22:00", "end": "07:00"}}
TIMES = 4
JUMPS = [
    (1, 1, 1),
    (3, -2, 12, -24, 48),
    (-5, 1, 30, -30, 8),
    (10, -10, 10, -10, 10),
    (-2, 0.5, 0.5, 0.5, -1, 2),
    (200, -200, 3, 6),
]


@pytest.fixture
async def own(dsn: str) -> AsyncIterator[Database]:
    """The reminder service's connections."""
    database = Database(dsn, "taskflow_reminders", Hints())
    await database.open()
    yield database
    await database.close()


async def pending(own: Database, database: Database, wall: Wall) -> list[UUID]:
    """A nag that has begun, a snooze for the night and what quiet hours hold up soon, of one."""
    user_id = make_task().user_id
    nag = Nag("PT30M", TIMES)
    wanted = [
        Reminder(at=EVENING, nag=nag),
        Reminder(at=EVENING),
        Reminder(at=EVENING + HOUR),
    ]
    await add_person(database, user_id, **QUIET)
    ids = []
    for one in wanted:
        task = replace(make_task(one), user_id=user_id)
        await follow(own, make_event(task, EVENING - HOUR))
        ids.append(plans(task)[0].id)
    await fire(own, wall)
    async with own.transaction() as transaction:
        await snooze(transaction, Person(user_id, ids[1], wall.at), EVENING + 90 * MINUTE, None)
    return ids


@pytest.mark.parametrize("jumps", JUMPS)
async def test_nothing_is_lost_or_told_twice_however_the_clock_jumps(
    own: Database, database: Database, jumps: Sequence[float]
) -> None:
    wall = Wall(EVENING)
    ids = await pending(own, database, wall)
    for hours in (*jumps, 24, 24, 1, 1, 1, 1):
        wall.at += hours * HOUR
        await Postponements(own, MemorySchedule(wall), wall).look()
        before = len(await reminder_events(own, ids))
        await fire(own, wall)
        for one in (await reminder_events(own, ids))[before:]:
            check(one, wall.at)
    wall.at = LATER
    await fire(own, wall)
    assert set((await statuses(own, ids)).values()) == {"sent"}
    events = await reminder_events(own, ids)
    assert len({one.event_id for one in events}) == len(events)
    fired = Counter(one.reminder.id for one in events if one.reminder)
    assert [fired[one] for one in ids[1:]] == [2, 1]
    await check_nag(own, ids[0], fired[ids[0]])


def check(event: TaskEvent, now: datetime) -> None:
    """It says when it should have come, and by how much it is late."""
    assert event.reminder
    assert event.timestamp == now
    assert event.reminder.fire_at <= now
    assert event.reminder.late_by_seconds == (now - event.reminder.fire_at).total_seconds()


async def check_nag(own: Database, nag: UUID, fired: int) -> None:
    """Each repetition was told of, or was passed over, which is said."""
    async with own.transaction(read_only=True) as transaction:
        told = [one for one in await receipts.entries(transaction, nag) if one.what == "fired"]
    numbers = [one.facts.get("repetition", 0) for one in told]
    assert numbers == sorted(set(numbers))
    assert sum(one.facts.get("passed_over", 0) for one in told) + fired == TIMES + 1
