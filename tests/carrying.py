"""People with channels, and the couriers that carry to them, over the real tables."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import msgspec
from prometheus_client import CollectorRegistry, Histogram
from tests.planning import Wall, follow, make_event, make_task
from tests.receiver import HttpChannel

from taskflow.base.clock import Clock
from taskflow.chassis.metrics import Metrics
from taskflow.db.engine import Database
from taskflow.events.payloads import Reminder, TaskState
from taskflow.services.reminder import receipts
from taskflow.services.reminder.courier import Courier
from taskflow.services.reminder.figures import Figures
from taskflow.services.reminder.firing import Firing
from taskflow.services.reminder.history import PAGE
from taskflow.services.reminder.schedule_memory import MemorySchedule
from taskflow.services.reminder.scheduler import plans
from taskflow.services.reminder.settling import SLOW_SECONDS, Terms
from taskflow.services.reminder.timeline import Happening, timeline
from taskflow.services.reminder.trigger import Terms as FiringTerms

PATIENCE_SECONDS = 60
ADD_CHANNEL = """
INSERT INTO reminders.channels
VALUES ($1, $2, $3, $4, $5, $6, true, NULL, now(), now())
"""
CHANNEL = "SELECT is_on, off_reason FROM reminders.channels WHERE id = $1"
STATES = "SELECT id, state FROM reminders.deliveries WHERE user_id = $1 ORDER BY created_at, id"
PREFER = "UPDATE accounts.users SET timezone = $2, notification_preferences = $3 WHERE id = $1"
ADD_USER = """
INSERT INTO accounts.users (id, email, password_hash, name, timezone, role, created_at, updated_at)
VALUES ($1::uuid, $1::uuid::text || '@example.com', '', '', 'UTC', 'user', now(), now())
"""


async def add_channel(
    database: Database, user_id: UUID, url: str, *, kind: str = "hook", position: int = 0
) -> UUID:
    """Give somebody a channel, called as its kind is."""
    identity, address = uuid4(), msgspec.json.encode({"url": url}).decode()
    async with database.transaction() as transaction:
        named = (identity, user_id, kind, f"my {kind}", address, position)
        await transaction.execute(ADD_CHANNEL, *named)
    return identity


async def add_person(database: Database, user_id: UUID, **preferences: object) -> None:
    """Make an account with these notification preferences, in UTC."""
    async with database.transaction() as transaction:
        await transaction.execute(ADD_USER, user_id)
        wanted = msgspec.json.encode(preferences).decode()
        await transaction.execute(PREFER, user_id, "UTC", wanted)


async def fire(
    database: Database, clock: Clock, kinds: Sequence[str] = ("hook",), digest_above: int = 5
) -> None:
    """Fire all that is due."""
    lateness = Histogram("lateness", "Seconds.", registry=CollectorRegistry())
    terms = FiringTerms(frozenset(kinds), digest_above)
    firing = Firing(database, MemorySchedule(clock), clock, lateness, terms=terms)
    await firing.fire_due()


@asynccontextmanager
async def carrying(
    database: Database,
    clock: Clock,
    kinds: Sequence[str] = ("hook",),
    lease_seconds: float = 60.0,
    slow_seconds: float = SLOW_SECONDS,
) -> AsyncIterator[Metrics]:
    """Couriers of these kinds, running."""
    metrics = Metrics("reminder")
    figures = Figures(metrics, kinds)
    terms = Terms(frozenset(kinds), lease_seconds, lambda: 0.5, slow_seconds)
    async with asyncio.TaskGroup() as group:
        couriers = [Courier(HttpChannel(kind), database, clock, figures, terms) for kind in kinds]
        loops = [group.create_task(one.run()) for one in couriers]
        yield metrics
        for loop in loops:
            loop.cancel()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Look again until something holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        for _ in count():
            if await holds():
                return
            await asyncio.sleep(0.01)


async def states(database: Database, user_id: UUID) -> list[str]:
    """Where somebody's deliveries stand, the oldest first."""
    async with database.transaction(read_only=True) as transaction:
        return [row["state"] for row in await transaction.rows(STATES, user_id)]


async def are(database: Database, user_id: UUID, *wanted: str) -> None:
    """Wait until somebody's deliveries stand so."""

    async def holds() -> bool:
        return await states(database, user_id) == list(wanted)

    await until(holds)


async def history(database: Database, reminder_id: UUID) -> list[Happening]:
    """A reminder's timeline."""
    async with database.transaction(read_only=True) as transaction:
        told = await receipts.entries(transaction, reminder_id)
        carried = await receipts.deliveries(transaction, reminder_id)
        attempts = await receipts.attempts(transaction, [one.id for one in carried])
    return timeline(told, carried, attempts)


async def outside(database: Database, reminder_id: UUID) -> list[tuple[str, Any]]:
    """What channels beside the page did of a reminder: each step and its result."""
    found = await history(database, reminder_id)
    return [(one.what, one.result) for one in found if one.channel not in (None, PAGE)]


def later(wall: Wall, at: datetime | None) -> None:
    """Set the clock to an instant that is known."""
    assert at is not None
    wall.at = at


async def planned(own: Database, wall: Wall) -> tuple[TaskState, UUID]:
    """A task with a reminder that is due now, asked for an hour ago."""
    task = make_task(Reminder(at=wall.at))
    await follow(own, make_event(task, wall.at - timedelta(hours=1)))
    return task, plans(task)[0].id
