"""Whatever order news comes in, and however often: what the services know in the end is the same.

Real commands make the news, the real handlers take it, and every attempt is undone afterwards.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter
from tests.fresh import fresh_database

from taskflow.base.settings import Settings
from taskflow.chassis.handlers import Delivery
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.events.envelope import decode
from taskflow.events.payloads import Reminder, TaskEvent
from taskflow.inbox.dedup import mark_seen
from taskflow.services.notification.backlog import TableBacklog
from taskflow.services.notification.event_consumer import Notifier
from taskflow.services.notification.hub import Hub
from taskflow.services.recurring_processor.event_consumer import Continuation
from taskflow.services.reminder.event_consumer import Planner
from taskflow.services.reminder.schedule_memory import MemorySchedule
from taskflow.tasks import commands
from taskflow.tasks.errors import TaskNotFound
from taskflow.tasks.model import Actor

T = TypeVar("T")
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
GIVEN: dict[str, object] = {
    "title": "Water",
    "due_date": "2026-03-09T09:00:00Z",
    "reminders": [Reminder(offset="PT1H"), Reminder(offset="P1D")],
    "recurrence": {"rule": "FREQ=WEEKLY"},
}
EDITS: dict[str, dict[str, object]] = {
    "title": {"title": "Water twice"},
    "later": {"due_date": "2026-03-10T09:00:00Z"},
    "sooner": {"due_date": "2026-03-04T07:00:00Z"},
    "other reminders": {"reminders": [Reminder(offset="P1D"), Reminder(offset="PT5M")]},
    "no reminders": {"reminders": []},
    "daily": {"recurrence": {"rule": "FREQ=DAILY"}},
    "once": {"recurrence": None},
}
STEPS = st.lists(
    st.sampled_from([*EDITS, "complete", "reopen", "delete", "restore"]), min_size=1, max_size=7
)
TAKE = "DELETE FROM delivery.outbox RETURNING id, envelope"
PENDING = "SELECT id, fire_at FROM reminders.reminders WHERE status = 'pending' ORDER BY id"
NOTES = "SELECT id, event_id FROM notifications.items ORDER BY id"
OPEN = """
SELECT occurrence_date, due_at FROM tasks.tasks
 WHERE status = 'pending' AND deleted_at IS NULL ORDER BY due_at, occurrence_date
"""


class Wall:
    """A clock that stands where it is set."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


class Attempt:
    """A person's history and the services that hear of it, in one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.wall = Wall()
        user = uuid4()
        self._actor = Actor(user, "user", str(user), "Ann", "correlation")
        counter = Counter("made", "Made.", registry=CollectorRegistry())
        self.planner = Planner(MemorySchedule(self.wall))
        self.continuation = Continuation(self.wall, counter)

    async def live(self, steps: Sequence[str], *, edits_done: bool = True) -> list[TaskEvent]:
        """What is told of a task; `edits_done` is whether it is edited when it is done, too."""
        task = await commands.create(self.transaction, self._actor, GIVEN, START)
        is_done = False
        for step in steps:
            self.wall.at += timedelta(minutes=1)
            if step not in EDITS or edits_done or not is_done:
                with suppress(TaskNotFound):
                    await self._do(step, task.id)
                    is_done = step == "complete" or (is_done and step != "reopen")
        return await self.news()

    async def news(self) -> list[TaskEvent]:
        rows = await self.transaction.rows(TAKE)
        return [
            decode(row["envelope"]).data for row in sorted(rows, key=lambda row: int(row["id"]))
        ]

    async def _do(self, step: str, task_id: UUID) -> None:
        now, opened, actor = self.wall.at, self.transaction, self._actor
        if step == "complete":
            await commands.complete(opened, actor, task_id, now, now)
        elif step in EDITS:
            await commands.update(opened, actor, task_id, EDITS[step], now)
        else:
            await getattr(commands, step)(opened, actor, task_id, now)


class Undo(Exception):
    """Ends an attempt."""


@pytest.fixture(scope="module")
async def everything(dsn: str) -> AsyncIterator[Database]:
    async with fresh_database(dsn, role=None) as database:
        yield database


async def tried(database: Database, attempt: Callable[[Attempt], Awaitable[T]]) -> T:
    """What came of an attempt that is undone."""
    results: list[T] = []
    with suppress(Undo):
        async with database.transaction() as transaction:
            results.append(await attempt(Attempt(transaction)))
            raise Undo
    return results[0]


def disturbed(events: Sequence[TaskEvent], chance: Random) -> list[TaskEvent]:
    """The news shuffled, some of it twice or three times."""
    found = [event for event in events for _ in range(chance.choice([1, 1, 2, 3]))]
    chance.shuffle(found)
    return found


def cut(events: Sequence[TaskEvent], chance: Random) -> list[list[TaskEvent]]:
    """The news in batches."""
    batches: list[list[TaskEvent]] = []
    for event in events:
        if not batches or chance.random() < 0.3:
            batches.append([])
        batches[-1].append(event)
    return batches


histories = given(steps=STEPS, chance=st.randoms(use_true_random=False))
quietly = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quietly
@histories
async def test_the_same_reminders_are_pending_in_the_end(
    everything: Database, steps: list[str], chance: Random
) -> None:
    async def attempt(world: Attempt) -> tuple[list[Any], list[Any]]:
        events, opened = await world.live(steps), world.transaction
        pending = []
        for order in ([[event] for event in events], cut(disturbed(events, chance), chance)):
            for batch in order:
                news = [Delivery(opened, event, None) for event in batch]
                await world.planner.follow(opened, news)
            pending.append(await opened.rows(PENDING))
            await opened.execute("DELETE FROM reminders.reminders")
            await opened.execute("DELETE FROM reminders.tasks")
        return pending[0], pending[1]

    in_order, shuffled = await tried(everything, attempt)
    assert in_order == shuffled


@quietly
@histories
async def test_everybody_is_told_of_every_event_once_with_dense_numbers(
    everything: Database, steps: list[str], chance: Random
) -> None:
    notifier = Notifier(Hub(Settings.load(), TableBacklog(everything)).publish, Wall())

    async def attempt(world: Attempt) -> tuple[list[TaskEvent], list[Any]]:
        events, opened = await world.live(steps), world.transaction
        for batch in cut(disturbed(events, chance), chance):
            new = await mark_seen(opened, "notification", [event.event_id for event in batch])
            news = {event.event_id: event for event in batch if event.event_id in new}
            told = [Delivery(opened, event, None) for event in news.values()]
            await notifier.tell(opened, told)
        return events, await opened.rows(NOTES)

    events, notes = await tried(everything, attempt)
    assert [row["id"] for row in notes] == list(range(1, len(events) + 1))
    assert {row["event_id"] for row in notes} == {event.event_id for event in events}


@quietly
@histories
async def test_the_same_tasks_of_a_series_are_open_in_the_end(
    everything: Database, steps: list[str], chance: Random
) -> None:
    async def attempt(world: Attempt) -> tuple[list[Any], list[Any]]:
        # Where a rule or date of what is done already is edited, only who heard of it open knows
        # what the next one followed from; it is one next one in any order.
        events = await world.live(steps, edits_done=False)
        async with undone(world.transaction):
            in_order = await follow(world, events)
        return in_order, await follow(world, disturbed(events, chance))

    in_order, shuffled = await tried(everything, attempt)
    assert in_order == shuffled
    assert len(in_order) <= 1


@quietly
@histories
async def test_a_series_has_at_most_one_open_task_in_the_end_whatever_was_edited_when(
    everything: Database, steps: list[str], chance: Random
) -> None:
    async def attempt(world: Attempt) -> list[Any]:
        return await follow(world, disturbed(await world.live(steps), chance))

    assert len(await tried(everything, attempt)) <= 1


async def follow(world: Attempt, order: Sequence[TaskEvent]) -> list[Any]:
    """The open tasks once a series has followed its news, and what came of that."""
    while order:
        for event in order:
            await world.continuation.follow(Delivery(world.transaction, event, None))
        order = await world.news()
    return await world.transaction.rows(OPEN)


@asynccontextmanager
async def undone(transaction: Transaction) -> AsyncIterator[None]:
    with suppress(Undo):
        async with transaction.savepoint():
            yield
            raise Undo


async def _nothing(_user: UUID, _number: int) -> list[Any]:
    return []
