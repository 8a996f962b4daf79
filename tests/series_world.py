"""A person, a series of theirs and the service that follows it, in one transaction to be undone."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID, uuid4

from prometheus_client import CollectorRegistry, Counter

from taskflow.accounts.model import Identity
from taskflow.chassis.handlers import Delivery
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.events.envelope import decode
from taskflow.events.payloads import TaskEvent
from taskflow.services.recurring_processor import history_storage, storage
from taskflow.services.recurring_processor.editing import Editing
from taskflow.services.recurring_processor.event_consumer import Continuation
from taskflow.services.recurring_processor.materialising import Materialiser
from taskflow.services.recurring_processor.model import Chain
from taskflow.services.recurring_processor.series_edit_routes import Door
from taskflow.services.recurring_processor.telling import PAUSED_AT
from taskflow.tasks import commands
from taskflow.tasks.floating import move_floating
from taskflow.tasks.model import Actor

T = TypeVar("T")
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
DUE = "2026-03-02T09:00:00Z"
COUNT = 6
TAKE = "DELETE FROM delivery.outbox RETURNING id, envelope"
TASKS = """
SELECT id, status, deleted_at IS NOT NULL AS is_deleted, occurrence_date, version, recurrence,
       due_at
  FROM tasks.tasks ORDER BY created_at, id
"""
OWNER = """
INSERT INTO accounts.users (id, email, password_hash, name, timezone, role, created_at, updated_at)
VALUES ($1, 'ann@example.org', '', 'Ann', 'UTC', 'user', $2, $2)
"""
SETTLE_IN = "UPDATE accounts.users SET timezone = $2 WHERE id = $1"
WITHDRAWN = "SELECT task_id FROM recurring.instances WHERE is_withdrawn"
KINDS: dict[str, dict[str, object]] = {
    "one open": {"rule": "FREQ=DAILY"},
    "one open, counted": {"rule": "FREQ=DAILY", "count": COUNT},
    "when done": {"rule": "FREQ=DAILY", "mode": "completion"},
    "when done, counted": {"rule": "FREQ=DAILY", "mode": "completion", "count": COUNT},
    "piled up": {"rule": "FREQ=DAILY", "policy": "pile_up"},
    "piled up, counted": {"rule": "FREQ=DAILY", "policy": "pile_up", "count": COUNT},
}
# What happens to a task without a touch of its own: its owner moves, its series is paused.
UNTOUCHING = {"timezone", PAUSED_AT}
VERBS = ("complete", "complete before", "reopen", "delete", "restore", "edit", "postpone")


class Wall:
    """A clock that stands where it is set."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


class Within:
    """A database of which every transaction is a part of one that is undone."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @asynccontextmanager
    async def transaction(self, *, read_only: bool = False) -> AsyncIterator[Transaction]:
        assert not read_only
        async with self._transaction.savepoint():
            yield self._transaction


class World:
    """A person, a series of theirs, and the service."""

    def __init__(self, transaction: Transaction, recurrence: dict[str, object]) -> None:
        self.transaction = transaction
        self.recurrence = recurrence
        self.wall = Wall()
        user = uuid4()
        self.person = Actor(user, "user", str(user), "Ann", "correlation")
        self._caller = Identity(user, "user", str(user), "Ann", "user", frozenset())
        counter = Counter("made", "Made.", registry=CollectorRegistry())
        self._continuation = Continuation(self.wall, counter)
        self._within = cast("Database", Within(transaction))
        self._materialiser = Materialiser(self._within, self.wall, counter)
        self.series_id = UUID(int=0)
        self.news: list[TaskEvent] = []
        self.heard: list[TaskEvent] = []
        self.touched: set[UUID] = set()
        self.exceptions: set[UUID] = set()
        self.withdrawn: set[UUID] = set()
        self.beside: set[UUID] = set()
        # Open ones that somebody has touched, and that stay beside one that was reopened.
        self.staying: set[UUID] = set()
        self.is_stopped = False
        # COUNT is held no more: it begins anew.
        self.is_edited = False
        self.is_piling = self.recurrence.get("policy") == "pile_up"

    async def begin(self, *, floating: bool = False) -> None:
        await self.transaction.execute(OWNER, self.person.user_id, self.wall.at)
        given: dict[str, object] = {"title": "Water", "due_date": DUE, "timezone": "UTC"}
        given |= {"recurrence": self.recurrence, "floating": floating}
        task = await commands.create(self.transaction, self.person, given, self.wall.at)
        assert task.series_id
        self.series_id = task.series_id
        self.touched.add(task.id)
        await self.listen()

    async def listen(self) -> None:
        """Collect what was told; what a person did is a touch."""
        rows = sorted(await self.transaction.rows(TAKE), key=lambda row: int(row["id"]))
        for row in rows:
            event = decode(row["envelope"]).data
            self.news.append(event)
            if event.actor.type == "user" and not event.changes.keys() & UNTOUCHING:
                self.touched.add(event.task_id)

    async def move_to(self, timezone: str) -> None:
        """The person changes the zone of their account."""
        await move_floating(self.transaction, self.person, timezone, self.wall.at)
        await self.transaction.execute(SETTLE_IN, self.person.user_id, timezone)
        await self.listen()

    async def tasks(self) -> list[Any]:
        return await self.transaction.rows(TASKS)

    async def note_withdrawn(self) -> None:
        """Whatever was taken back once has left its occurrence to others."""
        rows = await self.transaction.rows(WITHDRAWN)
        self.withdrawn |= {row["task_id"] for row in rows}

    async def note_staying(self, task_id: UUID, *, is_reopened: bool) -> None:
        """What was edited stays, where an earlier one is reopened before that or after."""
        opens = {one["id"] for one in await self.tasks() if is_open(one)}
        if is_reopened:
            self.staying |= (opens - {task_id}) & self.touched
        elif len(opens) > 1:
            self.staying |= {task_id} & opens

    async def act(self, verb: str, task_id: UUID) -> None:
        """What a person does to a task.

        Raises:
            SeriesHasOpen: another one is open, so it is not opened again.
        """
        now, opened, person = self.wall.at, self.transaction, self.person
        may_be_beside = self.is_piling or self.is_stopped
        if verb == "restore" and (may_be_beside or await self._is_passed(task_id)):
            rows = await opened.rows(WITHDRAWN)
            self.beside |= {task_id} & {row["task_id"] for row in rows}
        if verb.startswith("complete"):
            at = now - timedelta(days=2) if verb.endswith("before") else now
            await commands.complete(opened, person, task_id, at, now)
        elif verb == "edit":
            await commands.update(opened, person, task_id, {"title": f"Edited {now}"}, now)
        elif verb == "postpone":
            due = (now + timedelta(days=3)).isoformat()
            await commands.update(opened, person, task_id, {"due_date": due}, now)
        else:
            await getattr(commands, verb)(opened, person, task_id, now)
        if verb in ("edit", "postpone", "reopen"):
            await self.note_staying(task_id, is_reopened=verb == "reopen")
        if verb == "delete":
            self.exceptions.add(task_id)
        elif verb == "restore":
            self.exceptions.discard(task_id)
        await self.listen()

    async def _is_passed(self, task_id: UUID) -> bool:
        """Whether a later one is closed already, so that what lies before was counted as missed."""
        tasks, gone = (
            await self.tasks(),
            {row["task_id"] for row in await self.transaction.rows(WITHDRAWN)},
        )
        (own,) = [one["occurrence_date"] for one in tasks if one["id"] == task_id]
        closed = [one for one in tasks if not is_open(one) and one["id"] not in gone]
        return any(one["occurrence_date"] > own for one in closed)

    async def wish(self, name: str, task_id: UUID | None, changes: dict[str, object]) -> None:
        """What a person wishes of the series, as its doors carry it out."""
        door = Door(self._caller, self._within, self.wall, None)
        await door.change(
            self.series_id,
            task_id,
            lambda editing, chain: self._wished(editing, chain, name, task_id, changes),
        )
        self.is_stopped |= name == "stop"
        if task_id is not None and name in ("this", "future", "all"):
            await self.note_staying(task_id, is_reopened=False)
        before = self.touched.copy()
        await self.listen()
        if name in ("future", "all") and changes.keys() <= {"title"}:
            self.touched = before  # Nobody has touched a task by itself.

    async def _wished(
        self,
        editing: Editing,
        chain: Chain,
        name: str,
        task_id: UUID | None,
        changes: dict[str, object],
    ) -> Chain:
        if name == "this":
            return await editing.edit_one(chain, task_id, changes)
        if name in ("future", "all"):
            return await editing.edit_from(chain, task_id, changes, all_open=name == "all")
        if name == "skip":
            return await editing.skip(chain, task_id)
        found = getattr(editing, name)(chain)
        return cast("Chain", await found if isinstance(found, Awaitable) else found)

    async def hear(self, event: TaskEvent) -> None:
        self.heard.append(event)
        await self._continuation.follow(Delivery(self.transaction, event, None))
        await self.listen()

    async def pass_by(self) -> None:
        while await self._materialiser.round():
            await self.listen()

    async def settle(self) -> None:
        while self.news:
            await self.hear(self.news.pop(0))

    async def do_all(self, days: int) -> None:
        """All that is open is done at once, day by day; nothing appears by itself meanwhile."""
        for _ in range(days):
            await self.settle()
            for task in await self.tasks():
                if is_open(task):
                    await self.act("complete", task["id"])
            self.wall.at += timedelta(days=1)
        await self.settle()

    async def rest(self, days: int) -> None:
        """The series is paused, and goes on after so many days."""
        await self.wish("pause", None, {})
        self.wall.at += timedelta(days=days)
        await self.wish("resume", None, {})


Begin = Callable[..., Coroutine[Any, Any, World]]


def is_open(task: Any) -> bool:
    return bool(task["status"] == "pending" and not task["is_deleted"])


async def is_over(world: World) -> bool:
    """Whether nothing of a series is open any more."""
    tasks = await world.tasks()
    return not any(is_open(one) for one in tasks)


async def judge_count(world: World) -> None:
    """Every occurrence of COUNT is accounted for, once.

    What was taken back of a series that piles up is to come again, and makes room for none when a
    person restores it: it is one more, unless the rule comes to its occurrence. So is what a series
    that shows one at a time had passed over before, or of one that was stopped.
    """
    series = await storage.find(world.transaction, world.person.user_id, world.series_id)
    kept = await history_storage.newest(world.transaction, world.series_id)
    is_over = series.status == "ended" and not world.is_stopped
    had = [one for one in kept if not one.is_withdrawn]
    passed = len(had) + sum(one.missed for one in had)
    passed += sum(one.lapsed for one in had if not one.is_open)
    assert passed <= COUNT + len(world.beside), "more than COUNT"
    assert not is_over or passed >= COUNT, "less than COUNT"
