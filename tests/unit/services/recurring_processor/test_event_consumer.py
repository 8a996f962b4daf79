"""A series under whatever its tasks go through, and however late and often the news of it comes."""

from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from taskflow.base.ids import derived_id
from taskflow.events import payloads
from taskflow.events.payloads import EventType, Recurrence, TaskEvent, TaskState
from taskflow.services.recurring_processor import series
from taskflow.services.recurring_processor.event_consumer import follow
from taskflow.services.recurring_processor.model import Chain, Instance, Series
from taskflow.tasks.model import due_text
from taskflow.tasks.recurrence import Occurrence

T = TypeVar("T")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
USER, SERIES, ROOT = uuid4(), uuid4(), uuid4()
PERSON = payloads.Actor("user", str(USER), "Ann")
SYSTEM = payloads.Actor("system", "recurring-processor", "TaskFlow")
CHANGES: dict[str, dict[str, object]] = {
    "complete": {"status": "completed"},
    "reopen": {"status": "pending", "completed_at": None},
    "delete": {},
    "restore": {"deleted_at": None},
    "edit": {"title": "Edited"},
}


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("it waited")


class World:
    """Tasks as the Task API keeps them; the door of the service under test."""

    def __init__(self, recurrence: Recurrence) -> None:
        self.now = START - timedelta(hours=1)
        self.tasks: dict[UUID, TaskState] = {}
        self.touched = {ROOT}
        self.owner_zone = "UTC"
        self.news: list[TaskEvent] = []
        self.chain: Chain | None = None
        self._known: dict[UUID, Instance] = {}
        root = a_task(recurrence, ROOT, START, "2026-03-02", self.now)
        self.write("task.created", root, PERSON)

    def write(self, event_type: EventType, task: TaskState, actor: payloads.Actor) -> None:
        """Keep a task, and have its news wait."""
        self.tasks[task.id] = task
        told = replace(task, deleted_at=None) if event_type == "task.deleted" else task
        event = TaskEvent(
            uuid4(), event_type, task.id, USER, actor, task.version, self.now, "c", None, told, {}
        )
        self.news.append(event)

    def act(self, verb: str, task: TaskState, actor: payloads.Actor = PERSON) -> None:
        """Do something to a task."""
        event_types: dict[str, EventType] = {"complete": "task.completed", "delete": "task.deleted"}
        changed: dict[str, Any] = dict(CHANGES[verb])
        if verb in event_types:
            changed["completed_at" if verb == "complete" else "deleted_at"] = self.now
        if actor is PERSON:
            self.touched.add(task.id)
        after = replace(task, version=task.version + 1, updated_at=self.now, **changed)
        self.write(event_types.get(verb, "task.updated"), after, actor)

    def deliver(self, index: int, *, is_repeated: bool = False) -> None:
        """Hand over one of the news that wait."""
        event = self.news[index] if is_repeated else self.news.pop(index)
        chain = self.chain or series.begin(event.task, SERIES, self.now)
        self.chain = run(follow(chain, event, self, self.now))
        self._known = dict(self.chain.instances)

    async def standing(self, series: Series, occurrence: Occurrence) -> list[Instance]:  # noqa: ARG002 - all that it knows
        return list(self._known.values())

    async def zone(self) -> str:
        return self.owner_zone

    async def make(self, previous: TaskState, occurrence: Occurrence) -> TaskState | None:
        assert isinstance(occurrence.at, datetime)
        task_id = derived_id(SERIES, occurrence.date, occurrence.at)
        if task_id in self.tasks:
            known, task = self._known.get(task_id), self.tasks[task_id]
            if known is None or not known.is_withdrawn or _is_kept(task):
                return None
            self.act("restore", task, SYSTEM)
            return self.tasks[task_id]
        assert previous.recurrence
        task = a_task(previous.recurrence, task_id, occurrence.at, occurrence.date, self.now)
        task = replace(task, timezone=previous.timezone, floating=previous.floating)
        self.write("task.created", task, SYSTEM)
        return task

    async def withdraw(self, instance: Instance) -> bool:
        task = self.tasks[instance.task_id]
        if task.version != instance.own_version or task.deleted_at or task.status == "completed":
            return False
        self._known[task.id] = instance.withdrawn()
        self.act("delete", task, SYSTEM)
        return True

    @property
    def open(self) -> list[TaskState]:
        return [one for one in self.tasks.values() if one.status == "pending" and _is_kept(one)]


def _is_kept(task: TaskState) -> bool:
    return task.deleted_at is None


def a_task(
    recurrence: Recurrence, task_id: UUID, due: datetime, key: str, now: datetime
) -> TaskState:
    """An open task of the series."""
    return TaskState(
        id=task_id,
        user_id=USER,
        title="Water",
        description="",
        status="pending",
        priority="medium",
        tags=(),
        due_date=due_text(due),
        all_day=False,
        timezone="Europe/Berlin",
        recurrence=recurrence,
        reminders=(),
        series_id=SERIES,
        occurrence_date=key,
        version=1,
        created_at=now,
        updated_at=now,
        completed_at=None,
    )


class ASeries(RuleBasedStateMachine):
    """Anything may happen to any task, and the news of it come in any order, twice, or late."""

    world: World

    @initialize(mode=st.sampled_from(["schedule", "completion"]))
    def begin(self, mode: Any) -> None:
        self.world = World(Recurrence("FREQ=DAILY;INTERVAL=2", mode))

    @rule(choice=st.data(), verb=st.sampled_from(sorted(CHANGES)), minutes=st.integers(1, 4000))
    def somebody_acts(self, choice: st.DataObject, verb: str, minutes: int) -> None:
        self.world.now += timedelta(minutes=minutes)
        fits = {
            "complete": lambda one: _is_kept(one) and one.status == "pending",
            "reopen": lambda one: _is_kept(one) and one.status == "completed",
            "delete": _is_kept,
            "restore": lambda one: not _is_kept(one),
            "edit": _is_kept,
        }[verb]
        tasks = [one for one in self.world.tasks.values() if fits(one)]
        if tasks:
            self.world.act(verb, choice.draw(st.sampled_from(tasks)))

    @precondition(lambda self: self.world.news)
    @rule(choice=st.data(), is_repeated=st.booleans())
    def some_news_come(self, choice: st.DataObject, *, is_repeated: bool) -> None:
        index = choice.draw(st.integers(0, len(self.world.news) - 1))
        self.world.deliver(index, is_repeated=is_repeated)

    @rule(choice=st.data())
    def all_news_come(self, choice: st.DataObject) -> None:
        while self.world.news:
            self.world.deliver(choice.draw(st.integers(0, len(self.world.news) - 1)))

    @invariant()
    def what_is_settled_has_one_open_task(self) -> None:
        if self.world.news:
            return
        opens = self.world.open
        untouched = [one for one in opens if one.id not in self.world.touched]
        assert opens, "the series was lost"
        assert len(untouched) <= 1, "two that nobody touched"
        assert not untouched or len(opens) == 1, "an untouched one beside another"
        chain = self.world.chain
        assert chain is not None
        assert chain.series.status == "active"
        assert chain.series.current_task_id in {one.id for one in opens}
        assert {one.task_id for one in chain.open} == {one.id for one in opens}

    @invariant()
    def an_occurrence_has_one_task(self) -> None:
        keys = [one.occurrence_date for one in self.world.tasks.values()]
        assert len(keys) == len(set(keys))


ASeries.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestASeries = ASeries.TestCase


@pytest.fixture
def weekly() -> World:
    world = World(Recurrence("FREQ=WEEKLY"))
    world.deliver(0)
    return world


def settle(world: World) -> None:
    """Hand over all news."""
    while world.news:
        world.deliver(0)


def test_a_task_that_is_done_twice_is_followed_by_the_same_next_one(weekly: World) -> None:
    for verb in ("complete", "reopen", "complete"):
        weekly.now += timedelta(minutes=1)
        weekly.act(verb, weekly.tasks[ROOT])
        settle(weekly)
    assert [one.occurrence_date for one in weekly.open] == ["2026-03-09"]


def test_a_lost_recurrence_takes_the_untouched_next_one_along(weekly: World) -> None:
    weekly.act("complete", weekly.tasks[ROOT])
    settle(weekly)
    ended = replace(weekly.tasks[ROOT], version=3, recurrence=None)
    weekly.write("task.updated", ended, PERSON)
    settle(weekly)
    assert weekly.open == []
    assert weekly.chain is not None
    assert weekly.chain.series.status == "ended"


@pytest.mark.parametrize("mode", ["schedule", "completion"])
def test_a_count_holds_however_often_a_task_is_reopened(mode: Any) -> None:
    world = World(Recurrence("FREQ=DAILY", mode, None, 3))
    settle(world)
    for verb in ("complete", "reopen", "complete"):
        world.now += timedelta(minutes=1)
        world.act(verb, world.tasks[ROOT])
        settle(world)
    while world.open:
        world.now += timedelta(minutes=1)
        world.act("complete", world.open[0])
        settle(world)
    assert len([one for one in world.tasks.values() if _is_kept(one)]) == 3


def test_a_due_date_that_is_moved_by_itself_leaves_the_days_and_the_count_of_the_series() -> None:
    world = World(Recurrence("FREQ=DAILY", "schedule", None, 4))
    settle(world)
    world.act("complete", world.tasks[ROOT])
    settle(world)
    second = world.open[0]
    moved = replace(second, version=2, due_date="2026-03-04T15:00:00Z")
    world.write("task.updated", moved, PERSON)
    settle(world)
    while world.open:
        world.act("complete", world.open[0])
        settle(world)
    assert sorted(str(one.due_date) for one in world.tasks.values()) == [
        "2026-03-02T09:00:00Z",
        "2026-03-04T09:00:00Z",
        "2026-03-04T15:00:00Z",
        "2026-03-05T09:00:00Z",
    ]


@pytest.mark.parametrize("is_heard_in_order", [True, False])
def test_a_task_done_again_is_counted_from_anew_also_when_its_reopening_is_heard_late(
    *, is_heard_in_order: bool
) -> None:
    world = World(Recurrence("FREQ=DAILY;INTERVAL=3", "completion"))
    world.act("complete", world.tasks[ROOT])
    settle(world)
    world.act("reopen", world.tasks[ROOT])
    world.now += timedelta(days=5)
    world.act("complete", world.tasks[ROOT])
    while world.news:
        world.deliver(0 if is_heard_in_order else -1)
    assert [one.due_date for one in world.open] == ["2026-03-10T09:00:00Z"]
