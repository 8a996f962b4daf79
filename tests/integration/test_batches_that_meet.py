"""Two replicas of a service handle events of the same people and tasks at once, in opposite order:
neither waits for the other in a circle."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from itertools import count
from typing import NamedTuple
from uuid import UUID

import pytest
from msgspec.structs import replace
from tests.fresh import connected, fresh_database
from tests.planning import Wall, make_event, make_task

from taskflow.bus.message import Message
from taskflow.bus.ports import DONE, Outcome
from taskflow.chassis.consumer import Consumer
from taskflow.chassis.handlers import Batches, BatchHandler
from taskflow.chassis.metrics import Metrics
from taskflow.db.engine import Database
from taskflow.events.envelope import encode, wrap
from taskflow.events.payloads import Reminder, TaskEvent
from taskflow.inbox.dedup import mark_seen
from taskflow.services.notification.event_consumer import Notifier
from taskflow.services.reminder.event_consumer import Planner
from taskflow.services.reminder.schedule_memory import MemorySchedule

PEOPLE = 9
MIDDLE = UUID(int=5)
HOUR = timedelta(hours=1)
PATIENCE_SECONDS = 30
WAITING = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
NUMBERS = "SELECT id, user_id FROM notifications.items ORDER BY user_id, id"
PENDING = "SELECT count(*) FROM reminders.reminders WHERE status = 'pending'"
VERSION = "SELECT version FROM reminders.tasks"


class Role(NamedTuple):
    """A service, and what its batches meet at."""

    name: str
    handler: BatchHandler
    hold: str


ROLES = [
    Role(
        "taskflow_notifications",
        Notifier(lambda _user, _note: None, Wall()).tell,
        "INSERT INTO notifications.positions VALUES ($1, 0)",
    ),
    Role(
        "taskflow_reminders",
        Planner(MemorySchedule(Wall())).follow,
        "INSERT INTO reminders.tasks VALUES ($1, 0, gen_random_uuid(), '', '{}')",
    ),
]


@pytest.fixture
async def owner(dsn: str) -> AsyncIterator[Database]:
    async with fresh_database(dsn, role=None) as database:
        yield database


def news(version: int) -> list[TaskEvent]:
    """An event of a task of each person, in their order."""
    task = make_task(Reminder(at=Wall().at.replace(year=2030)))
    return [
        make_event(replace(task, id=UUID(int=n), user_id=UUID(int=n), version=version), Wall().at)
        for n in range(1, PEOPLE + 1)
    ]


async def handle(role: Role, database: Database, events: Sequence[TaskEvent]) -> Sequence[Outcome]:
    """What a replica says of a batch."""
    consumer = Consumer("ours", database, Wall(), Metrics("ours"))
    subscription = consumer.subscribe(Batches(handle=role.handler))
    return await subscription.handle(
        [Message(0, "", str(event.task_id), encode(wrap(event))) for event in events]
    )


async def until_waiting(owner: Database, transactions: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        for _ in count():
            async with owner.transaction(read_only=True) as transaction:
                if await transaction.value(WAITING) == transactions:
                    return


@pytest.mark.parametrize("role", ROLES, ids=[role.name for role in ROLES])
async def test_batches_in_opposite_order_are_both_done_at_the_first_attempt(
    owner: Database, role: Role
) -> None:
    async with connected(owner._dsn, role.name) as one, connected(owner._dsn, role.name) as other:
        async with asyncio.TaskGroup() as group, owner.transaction() as transaction:
            await transaction.execute(role.hold, MIDDLE)
            first = group.create_task(handle(role, one, news(1)))
            await until_waiting(owner, 1)
            second = group.create_task(handle(role, other, news(2)[::-1]))
            await until_waiting(owner, 2)
        assert [*first.result(), *second.result()] == [DONE] * 2 * PEOPLE


async def test_marks_of_the_same_events_in_opposite_order_are_made_once(owner: Database) -> None:
    ids = [UUID(int=n) for n in range(1, PEOPLE + 1)]

    async def mark(event_ids: list[UUID]) -> set[UUID]:
        async with owner.transaction() as transaction:
            return await mark_seen(transaction, "ours", event_ids)

    async with asyncio.TaskGroup() as group, owner.transaction() as transaction:
        await mark_seen(transaction, "ours", [MIDDLE])
        first = group.create_task(mark(ids))
        await until_waiting(owner, 1)
        second = group.create_task(mark(ids[::-1]))
        await until_waiting(owner, 2)
    assert (first.result(), second.result()) == (set(ids) - {MIDDLE}, set())


async def test_the_numbers_of_a_person_are_dense_whichever_batch_was_first(
    owner: Database,
) -> None:
    role = ROLES[0]
    async with connected(owner._dsn, role.name) as one, connected(owner._dsn, role.name) as other:
        turns = [(one, news(1)), (other, news(2)[::-1]), (one, news(3) + news(4)[::-1])]
        said = await asyncio.gather(*(handle(role, *turn) for turn in turns))
    assert {outcome for outcomes in said for outcome in outcomes} == {DONE}
    async with owner.transaction(read_only=True) as transaction:
        rows = await transaction.rows(NUMBERS)
    assert [row["id"] for row in rows] == [1, 2, 3, 4] * PEOPLE


async def test_an_edit_after_its_time_that_is_heard_of_in_one_batch_with_the_plan_takes_no_reminder(
    owner: Database,
) -> None:
    role, due = ROLES[1], Wall().at
    planned = make_event(make_task(Reminder(at=due)), due - HOUR)
    edited = make_event(replace(planned.task, title="Edited", version=2), due + HOUR)
    async with connected(owner._dsn, role.name) as own:
        assert await handle(role, own, [planned, edited]) == [DONE] * 2
    async with owner.transaction(read_only=True) as transaction:
        assert await transaction.value(PENDING) == 1
        assert await transaction.value(VERSION) == 2
