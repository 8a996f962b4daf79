"""One person's history as the recurring processor keeps it, and what is suggested to them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from taskflow.base.ids import new_id
from taskflow.db.engine import Database
from taskflow.events.payloads import TaskEvent
from taskflow.events.topics import TASK_COMPLETED, TASK_CREATED
from taskflow.services.recurring_processor.habits import storage
from taskflow.services.recurring_processor.habits import suggestions_storage as suggestions
from taskflow.services.recurring_processor.habits.finding import Finding
from taskflow.services.recurring_processor.main import NAME
from taskflow.tasks.drafts import DEFAULTS
from taskflow.tasks.model import Actor, Task, event_of, new_task

NOW = datetime(2026, 3, 3, 20, tzinfo=UTC)
TIMES = 9


class Wall:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


class Place(NamedTuple):
    """The service's tables, a person, and a clock."""

    database: Database
    wall: Wall
    user: UUID

    @property
    def finding(self) -> Finding:
        return Finding(self.database, self.wall, NAME)

    async def hear(self, events: Iterable[TaskEvent]) -> None:
        for event in events:
            async with self.database.transaction() as transaction:
                await storage.note(transaction, [event], self.wall.now())

    async def rows(self, statement: str, *values: object) -> list[Any]:
        async with self.database.transaction() as transaction:
            return await transaction.rows(statement, *values)

    async def look(self) -> int:
        """Look at all that is due by now, as the loop would a little later; returns how many."""
        self.wall.at += timedelta(minutes=1)
        looked = 0
        while await self.finding.look():
            looked += 1
        return looked

    async def suggested(self, user: UUID | None = None) -> list[str]:
        async with self.database.transaction() as transaction:
            found = await suggestions.open_ones(transaction, user or self.user, NOW.date())
        return [one.title for _, one in found]

    async def ids(self) -> list[UUID]:
        async with self.database.transaction() as transaction:
            return [
                one for one, _ in await suggestions.open_ones(transaction, self.user, NOW.date())
            ]

    def told(self, title: str, days_ago: int, user: UUID | None = None) -> list[TaskEvent]:
        """What is told of a task that is made and done."""
        who = user or self.user
        at = NOW - timedelta(days=days_ago, hours=3)
        made = new_task(replace(DEFAULTS, title=title), new_id(at), who, at)
        return [
            event(TASK_CREATED, made),
            event(TASK_COMPLETED, made.completed(at).next_version(at)),
        ]

    def weekly(self, title: str, user: UUID | None = None) -> list[TaskEvent]:
        return [one for week in range(TIMES) for one in self.told(title, 7 * week, user)]


def event(kind: Any, task: Task) -> TaskEvent:
    actor = Actor(task.user_id, "user", str(task.user_id), "Ann", "correlation")
    return event_of(actor, kind, task, {}, new_id(task.updated_at))
