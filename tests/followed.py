"""A person, their tasks and the service that follows them, each through its own connections."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from prometheus_client import CollectorRegistry, Counter

from taskflow.chassis.handlers import Delivery
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.events.envelope import Envelope, decode
from taskflow.services.recurring_processor.event_consumer import Continuation
from taskflow.tasks import commands
from taskflow.tasks.model import Actor, Task

T = TypeVar("T")
TAKE = "DELETE FROM delivery.outbox WHERE key = ANY($1::text[]) RETURNING id, envelope"
OURS = "SELECT id::text FROM tasks.tasks WHERE user_id = $1"
OPEN = """
SELECT id, occurrence_date, due_at FROM tasks.tasks
 WHERE user_id = $1 AND status = 'pending' AND deleted_at IS NULL ORDER BY due_at
"""
WEEKLY: dict[str, object] = {"rule": "FREQ=WEEKLY"}
DAILY_WHEN_DONE: dict[str, object] = {"rule": "FREQ=DAILY", "mode": "completion"}


class Wall:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 8, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def on(self) -> datetime:
        self.at += timedelta(minutes=1)
        return self.at


class World:
    """A person, their tasks, and the service that follows them."""

    def __init__(self, api: Database, own: Database) -> None:
        self.api, self.own, self.wall, self.user = api, own, Wall(), uuid4()
        self.person = Actor(self.user, "user", str(self.user), "Ann", "correlation")
        counter = Counter("made", "Made.", registry=CollectorRegistry())
        self._continuation = Continuation(self.wall, counter)
        self._keys: set[str] = set()

    async def do(self, command: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        async with self.api.transaction() as transaction:
            result = await command(transaction, self.person, *arguments)
            self._keys |= {row["id"] for row in await transaction.rows(OURS, self.user)}
            return result

    async def begin(self, recurrence: dict[str, object], due: str = "2026-03-09T09:00:00Z") -> Task:
        given = {"title": "Water", "due_date": due, "recurrence": recurrence}
        return await self.do(commands.create, given, self.wall.on())

    async def complete(self, task_id: UUID) -> None:
        now = self.wall.on()
        await self.do(commands.complete, task_id, now, now)

    async def news(self) -> list[Envelope]:
        async with self.api.transaction() as transaction:
            keys = self._keys | {row["id"] for row in await transaction.rows(OURS, self.user)}
            rows = await transaction.rows(TAKE, list(keys))
        return [decode(row["envelope"]) for row in sorted(rows, key=lambda row: int(row["id"]))]

    async def hear(self, envelopes: Iterable[Envelope]) -> None:
        for envelope in envelopes:
            async with self.own.transaction() as transaction:
                await self._continuation.follow(Delivery(transaction, envelope.data, None))

    async def settle(self) -> None:
        while envelopes := await self.news():
            await self.hear(envelopes)

    async def open(self) -> list[Any]:
        async with self.api.transaction() as transaction:
            return await transaction.rows(OPEN, self.user)

    async def open_dates(self) -> list[str]:
        return [row["occurrence_date"] for row in await self.open()]

    async def reopened(self, recurrence: dict[str, object]) -> tuple[Task, UUID]:
        """A task that was done and is open again, and its next one, which was taken back."""
        task = await self.begin(recurrence)
        await self.complete(task.id)
        await self.settle()
        withdrawn: UUID = (await self.open())[0]["id"]
        await self.do(commands.reopen, task.id, self.wall.on())
        await self.settle()
        return task, withdrawn


@asynccontextmanager
async def followed(dsn: str) -> AsyncIterator[World]:
    """A person whose tasks are followed, until the connections are closed."""
    api = Database(dsn, "taskflow_task_api", Hints())
    own = Database(dsn, "taskflow_recurring", Hints(), max_connections=12)
    await api.open()
    await own.open()
    yield World(api, own)
    await own.close()
    await api.close()
