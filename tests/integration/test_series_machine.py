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
from tests.series_world import COUNT, KINDS, VERBS, World

from taskflow.base.errors import Conflict, NotFound
from taskflow.db.engine import Database
from taskflow.services.recurring_processor import history_storage, storage
from taskflow.services.recurring_processor.history import status_of

T = TypeVar("T")
EVERY_OTHER_DAY = {"rule": "FREQ=DAILY;INTERVAL=2"}
ZONES = ("UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati", "Pacific/Honolulu")


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
            assert len(untouched) <= 1, "two that nobody touched"
            assert not untouched or len(opens) == 1, "an untouched one beside another"
        if world.recurrence.get("count"):
            if not world.is_edited:
                await _judge_count(world)
        elif series.status == "ended":
            assert world.is_stopped, "the series was lost"
        elif series.status == "active" and world.recurrence.get("policy") != "pile_up":
            assert opens, "nothing is open of what goes on"


async def _judge_count(world: World) -> None:
    """Every occurrence of COUNT is accounted for, once.

    What was taken back of a series that piles up is to come again, and makes room for none when a
    person restores it: it is one more, unless the rule comes to its occurrence.
    """
    series = await storage.find(world.transaction, world.person.user_id, world.series_id)
    kept = await history_storage.newest(world.transaction, world.series_id)
    is_over = series.status == "ended" and not world.is_stopped
    had = [one for one in kept if not one.is_withdrawn]
    passed = len(had) + sum(one.missed for one in had)
    passed += sum(one.lapsed for one in had if not one.is_open)
    assert passed <= COUNT + len(world.beside), "more than COUNT"
    assert not is_over or passed >= COUNT, "less than COUNT"


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


async def test_a_count_does_not_come_to_its_end_within_a_pause(dsn: str) -> None:
    async with fresh_database(dsn, role=None) as database, database.transaction() as transaction:
        world = World(transaction, KINDS["piled up, counted"])
        await world.begin()
        await world.settle()
        world.wall.at += timedelta(days=1)
        await world.wish("pause", None, {})
        world.wall.at += timedelta(days=10)
        await world.wish("resume", None, {})
        world.wall.at += timedelta(days=30)
        await world.pass_by()
        assert len(await world.tasks()) == COUNT


async def test_what_is_due_when_a_series_is_paused_appears_first(dsn: str) -> None:
    async with fresh_database(dsn, role=None) as database, database.transaction() as transaction:
        world = World(transaction, KINDS["piled up, counted"])
        await world.begin()
        await world.settle()
        world.wall.at += timedelta(days=2, hours=2)
        for _ in range(2):
            await world.wish("pause", None, {})
        await world.settle()
        keys = sorted(one["occurrence_date"] for one in await world.tasks())
        assert keys == ["2026-03-02", "2026-03-03", "2026-03-04"]


async def test_a_series_that_was_moved_back_has_all_of_its_count(dsn: str) -> None:
    async with fresh_database(dsn, role=None) as database, database.transaction() as transaction:
        world = World(transaction, KINDS["piled up, counted"])
        await world.begin()
        due = world.wall.at - timedelta(hours=24)
        await world.wish("future", None, {"due_date": due.isoformat()})
        await world.do_all(4)
        await world.rest(1)
        await world.do_all(1)
        await _judge_count(world)
        world.wall.at += timedelta(days=30)
        await world.pass_by()
        assert len(await world.tasks()) == COUNT


async def test_a_series_has_no_more_than_its_count_after_a_move_a_pause_and_another_rule(
    dsn: str,
) -> None:
    async with fresh_database(dsn, role=None) as database, database.transaction() as transaction:
        world = World(transaction, KINDS["piled up, counted"])
        await world.begin()
        await world.wish("future", None, {"due_date": world.wall.at.isoformat()})
        await world.do_all(4)
        await world.rest(1)
        await world.do_all(1)
        await world.wish("all", None, {"recurrence": world.recurrence | EVERY_OTHER_DAY})
        world.wall.at += timedelta(days=30)
        await world.pass_by()
        assert len(await world.tasks()) == COUNT


async def test_what_another_rule_takes_back_after_a_pause_is_still_to_come(dsn: str) -> None:
    async with fresh_database(dsn, role=None) as database, database.transaction() as transaction:
        world = World(transaction, KINDS["piled up, counted"])
        await world.begin()
        await world.do_all(6)
        await world.rest(1)
        await world.wish("all", None, {"recurrence": world.recurrence | EVERY_OTHER_DAY})
        world.wall.at += timedelta(days=30)
        await world.pass_by()
        await world.note_withdrawn()
        standing = {one["id"] for one in await world.tasks()} - world.withdrawn
        assert len(standing) == COUNT


async def test_what_another_rule_takes_back_within_a_pause_is_still_to_come(dsn: str) -> None:
    async with fresh_database(dsn, role=None) as database, database.transaction() as transaction:
        world = World(transaction, KINDS["piled up, counted"])
        await world.begin()
        world.wall.at += timedelta(days=6)
        await world.pass_by()
        await world.wish("pause", None, {})
        await world.wish("all", None, {"recurrence": world.recurrence | EVERY_OTHER_DAY})
        world.wall.at += timedelta(days=1)
        await world.wish("resume", None, {})
        world.wall.at += timedelta(days=30)
        await world.pass_by()
        await world.note_withdrawn()
        standing = {one["id"] for one in await world.tasks()} - world.withdrawn
        assert len(standing) == COUNT
