"""A series under all that people do to it, its news late, twice and in any order, in PostgreSQL.

Real commands make the news, the real handlers take it, and every attempt is undone afterwards.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from prometheus_client import CollectorRegistry, Counter
from tests.fresh import fresh_database

from taskflow.base.errors import Conflict, NotFound
from taskflow.chassis.handlers import Delivery
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.events.envelope import decode
from taskflow.events.payloads import TaskEvent
from taskflow.services.recurring_processor import history_storage, present, storage
from taskflow.services.recurring_processor.editing import Editing
from taskflow.services.recurring_processor.event_consumer import Continuation
from taskflow.services.recurring_processor.history import status_of
from taskflow.services.recurring_processor.materialising import Materialiser
from taskflow.services.recurring_processor.model import Chain
from taskflow.services.recurring_processor.progress import settled
from taskflow.tasks import commands
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
KINDS: dict[str, dict[str, object]] = {
    "one open": {"rule": "FREQ=DAILY"},
    "one open, counted": {"rule": "FREQ=DAILY", "count": COUNT},
    "when done": {"rule": "FREQ=DAILY", "mode": "completion"},
    "when done, counted": {"rule": "FREQ=DAILY", "mode": "completion", "count": COUNT},
    "piled up": {"rule": "FREQ=DAILY", "policy": "pile_up"},
    "piled up, counted": {"rule": "FREQ=DAILY", "policy": "pile_up", "count": COUNT},
}
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
        counter = Counter("made", "Made.", registry=CollectorRegistry())
        self._continuation = Continuation(self.wall, counter)
        within = cast("Database", Within(transaction))
        self._materialiser = Materialiser(within, self.wall, counter)
        self.series_id = UUID(int=0)
        self.news: list[TaskEvent] = []
        self.heard: list[TaskEvent] = []
        self.touched: set[UUID] = set()
        self.exceptions: set[UUID] = set()
        self.is_stopped = False
        self.is_edited = False

    async def begin(self) -> None:
        given = {"title": "Water", "due_date": DUE, "recurrence": self.recurrence}
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
            if event.actor.type == "user":
                self.touched.add(event.task_id)

    async def tasks(self) -> list[Any]:
        return await self.transaction.rows(TASKS)

    async def act(self, verb: str, task_id: UUID) -> None:
        now, opened, person = self.wall.at, self.transaction, self.person
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
        if verb == "delete":
            self.exceptions.add(task_id)
        elif verb == "restore":
            self.exceptions.discard(task_id)
        await self.listen()

    async def wish(self, name: str, task_id: UUID | None, changes: dict[str, object]) -> None:
        """What a person wishes of the series, as its doors carry it out."""
        now = self.wall.at
        async with self.transaction.savepoint():
            editing = Editing(self.transaction, self.person, now)
            kept, chain = await present.brought_up(
                self.transaction, self.person, self.series_id, task_id, editing.door, now
            )
            after = await self._wished(editing, chain, name, task_id, changes)
            await storage.save(self.transaction, kept, settled(after, now))
        self.is_stopped |= name == "stop"
        await self.listen()

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


class ASeries(RuleBasedStateMachine):
    """Anything may happen, and the news of it come in any order, twice, or late."""

    runner: asyncio.Runner
    database: Database
    world: World

    @initialize(kind=st.sampled_from(sorted(KINDS)))
    def begin(self, kind: str) -> None:
        self._opened = self.database.transaction()
        transaction = self.run(self._opened.__aenter__())
        self.world = World(transaction, KINDS[kind])
        self.run(self.world.begin())

    def teardown(self) -> None:
        if hasattr(self, "_opened"):
            with suppress(Undo):
                self.run(self._opened.__aexit__(Undo, Undo(), None))

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    @rule(choice=st.data(), verb=st.sampled_from(VERBS), hours=st.integers(1, 60))
    def somebody_acts(self, choice: st.DataObject, verb: str, hours: int) -> None:
        self.world.wall.at += timedelta(hours=hours)
        tasks = [
            one["id"]
            for one in self.run(self.world.tasks())
            if one["is_deleted"] == (verb == "restore")
        ]
        if tasks:
            self.run(self.world.act(verb, choice.draw(st.sampled_from(tasks))))

    @rule(
        choice=st.data(),
        name=st.sampled_from(["this", "future", "all", "skip", "pause", "resume"]),
        change=st.sampled_from(["title", "due_date"]),
    )
    def somebody_wishes(self, choice: st.DataObject, name: str, change: str) -> None:
        self.world.wall.at += timedelta(minutes=7)
        now = self.world.wall.at
        due = (now + timedelta(hours=30)).replace(microsecond=0).isoformat()
        changes: dict[str, object] = {"title": f"Wished {now}"} if change == "title" else {}
        changes = changes or {"due_date": due}
        tasks = [one["id"] for one in self.run(self.world.tasks())]
        task_id = choice.draw(st.sampled_from([None, *tasks]))
        with suppress(Conflict, NotFound):
            self.run(self.world.wish(name, task_id, changes))

    @rule(interval=st.sampled_from([1, 2]), scope=st.sampled_from(["future", "all"]))
    def somebody_changes_the_rule(self, interval: int, scope: str) -> None:
        recurrence = self.world.recurrence | {"rule": f"FREQ=DAILY;INTERVAL={interval}"}
        with suppress(Conflict):
            self.run(self.world.wish(scope, None, {"recurrence": recurrence}))
            self.world.is_edited |= scope == "future"

    @precondition(lambda self: len(self.world.heard) > 12)
    @rule()
    def somebody_stops_it(self) -> None:
        self.run(self.world.wish("stop", None, {}))

    @rule(hours=st.integers(1, 100))
    def time_passes(self, hours: int) -> None:
        self.world.wall.at += timedelta(hours=hours)
        self.run(self.world.pass_by())

    @precondition(lambda self: self.world.news)
    @rule(choice=st.data())
    def some_news_come(self, choice: st.DataObject) -> None:
        index = choice.draw(st.integers(0, len(self.world.news) - 1))
        self.run(self.world.hear(self.world.news.pop(index)))

    @precondition(lambda self: self.world.heard)
    @rule(choice=st.data())
    def old_news_come_again(self, choice: st.DataObject) -> None:
        self.run(self.world.hear(choice.draw(st.sampled_from(self.world.heard))))

    @rule()
    def all_news_come(self) -> None:
        self.run(self.world.settle())

    @invariant()
    def an_occurrence_has_one_task(self) -> None:
        keys = [one["occurrence_date"] for one in self.run(self.world.tasks())]
        assert len(keys) == len(set(keys))

    @invariant()
    def an_exception_stays_one(self) -> None:
        deleted = {one["id"] for one in self.run(self.world.tasks()) if one["is_deleted"]}
        assert self.world.exceptions <= deleted

    @invariant()
    def what_is_settled_is_in_order(self) -> None:
        if not self.world.news:
            self.run(self._judge())

    async def _judge(self) -> None:
        world = self.world
        series = await storage.find(world.transaction, world.person.user_id, world.series_id)
        tasks = await world.tasks()
        kept = await history_storage.newest(world.transaction, world.series_id)
        shown = {
            one["id"]: "deleted"
            if one["is_deleted"]
            else {"completed": "done", "pending": "open"}[one["status"]]
            for one in tasks
        }
        told = {one.task_id: "deleted" if one.is_deleted else status_of(one) for one in kept}
        assert told == shown, "the history is not complete"
        opens = [task_id for task_id, status in shown.items() if status == "open"]
        untouched = [task_id for task_id in opens if task_id not in world.touched]
        if world.recurrence.get("policy") != "pile_up":
            assert len(untouched) <= 1, "two that nobody touched"
            assert not untouched or len(opens) == 1, "an untouched one beside another"
        had = [one for one in kept if not one.is_withdrawn]
        if world.recurrence.get("count") and not world.is_edited:
            passed = len(had) + sum(one.missed for one in had)
            assert passed <= COUNT, "more than COUNT"
            if series.status == "ended" and not world.is_stopped:
                assert passed == COUNT, "less than COUNT"
        elif series.status == "ended":
            assert world.is_stopped, "the series was lost"
        elif series.status == "active" and world.recurrence.get("policy") != "pile_up":
            assert opens, "nothing is open of what goes on"


class Undo(Exception):
    """Ends an attempt."""


def test_a_series_is_in_order_whatever_happens(dsn: str) -> None:
    with asyncio.Runner() as runner:
        fresh = fresh_database(dsn, role=None)
        database = runner.run(fresh.__aenter__())
        try:
            kind = type("Machine", (ASeries,), {"runner": runner, "database": database})
            run_state_machine_as_test(
                cast("type[ASeries]", kind),
                settings=settings(
                    max_examples=60,
                    stateful_step_count=25,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(fresh.__aexit__(None, None, None))
