"""A series under all that people do to it, its news late, twice and in any order, in PostgreSQL.

Real commands make the news, the real handlers take it, and every attempt is undone afterwards.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar, cast

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
from tests.fresh import fresh_database
from tests.series_world import KINDS, VERBS, World, is_open, judge_count

from taskflow.base.errors import Conflict, NotFound
from taskflow.db.engine import Database
from taskflow.services.recurring_processor import history_storage, storage
from taskflow.services.recurring_processor.history import status_of
from taskflow.tasks.errors import SeriesHasOpen

T = TypeVar("T")
ZONES = ("UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati", "Pacific/Honolulu")
PARTS = ("INTERVAL=1", "INTERVAL=2", "BYDAY=TU,FR;BYHOUR=17;BYMINUTE=0")


class ASeries(RuleBasedStateMachine):
    """Anything may happen, and the news of it come in any order, twice, or late."""

    runner: asyncio.Runner
    database: Database
    world: World

    @initialize(kind=st.sampled_from(sorted(KINDS)), floating=st.booleans())
    def begin(self, kind: str, *, floating: bool) -> None:
        self._opened = self.database.transaction()
        transaction = self.run(self._opened.__aenter__())
        self.world = World(transaction, KINDS[kind])
        self.run(self.world.begin(floating=floating))

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
            with suppress(SeriesHasOpen):
                self.run(self.world.act(verb, choice.draw(st.sampled_from(tasks))))

    @rule(choice=st.data(), first=st.sampled_from(["complete", "delete"]))
    def somebody_brings_back(self, choice: st.DataObject, first: str) -> None:
        """What a slip of a finger and the trash lead to, the news in time."""
        opens = [one["id"] for one in self.run(self.world.tasks()) if is_open(one)]
        if opens:
            task_id = choice.draw(st.sampled_from(opens))
            self.run(self.world.act(first, task_id))
            self.run(self.world.settle())
            with suppress(SeriesHasOpen):
                self.run(self.world.act("reopen" if first == "complete" else "restore", task_id))
            self.run(self.world.settle())
        trash = [one["id"] for one in self.run(self.world.tasks()) if one["is_deleted"]]
        if trash:
            with suppress(SeriesHasOpen):
                self.run(self.world.act("restore", choice.draw(st.sampled_from(trash))))
            self.run(self.world.settle())

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

    @rule(part=st.sampled_from(PARTS), scope=st.sampled_from(["future", "all"]))
    def somebody_changes_the_rule(self, part: str, scope: str) -> None:
        recurrence = self.world.recurrence | {"rule": f"FREQ=DAILY;{part}"}
        with suppress(Conflict):
            self.run(self.world.wish(scope, None, {"recurrence": recurrence}))
            self.world.is_edited |= scope == "future"

    @rule(choice=st.data(), hours=st.integers(-60, 60), scope=st.sampled_from(["future", "all"]))
    def somebody_moves_it(self, choice: st.DataObject, hours: int, scope: str) -> None:
        due = self.world.wall.at.replace(minute=0) + timedelta(hours=hours)
        tasks = [one["id"] for one in self.run(self.world.tasks())]
        task_id = choice.draw(st.sampled_from([None, *tasks]))
        with suppress(Conflict, NotFound):
            self.run(self.world.wish(scope, task_id, {"due_date": due.isoformat()}))

    @rule(zone=st.sampled_from(ZONES))
    def the_owner_moves(self, zone: str) -> None:
        self.world.wall.at += timedelta(minutes=3)
        self.run(self.world.move_to(zone))

    @rule(days=st.integers(1, 4))
    def it_rests_for_days(self, days: int) -> None:
        with suppress(Conflict):
            self.run(self.world.rest(days))

    @rule(days=st.integers(1, 7))
    def all_is_done_for_days(self, days: int) -> None:
        self.run(self.world.do_all(days))

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
        self.run(self.world.note_withdrawn())
        keys = [
            one["occurrence_date"]
            for one in self.run(self.world.tasks())
            if one["id"] not in self.world.withdrawn
        ]
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
            assert len(set(opens) - world.staying) <= 1, "two are open"
            assert len(untouched) <= 1, "two that nobody touched"
            assert not untouched or len(opens) == 1, "an untouched one beside another"
        if world.recurrence.get("count"):
            if not world.is_edited:
                await judge_count(world)
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
                    # The same attempts each time: chance is for whoever searches, with many more.
                    derandomize=True,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(fresh.__aexit__(None, None, None))
