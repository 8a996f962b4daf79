"""Histories and suggestions against PostgreSQL: in every order, by many, and forgotten."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import permutations
from uuid import uuid4

import pytest
from msgspec.structs import replace
from tests.fresh import connected, fresh_database
from tests.histories import NOW, TIMES, Place, Wall, event

from taskflow.base.errors import NotFound
from taskflow.events.envelope import decode
from taskflow.events.payloads import Recurrence, TaskEvent
from taskflow.events.topics import TASK_COMPLETED, TASK_CREATED, TASK_DELETED, TASK_UPDATED
from taskflow.inbox import erased
from taskflow.services.recurring_processor import series
from taskflow.services.recurring_processor import storage as series_storage
from taskflow.services.recurring_processor.habits import storage
from taskflow.services.recurring_processor.habits import suggestions_storage as suggestions
from taskflow.services.recurring_processor.main import NAME
from taskflow.services.recurring_processor.model import SeriesStatus
from taskflow.services.recurring_processor.pattern_detector import LONGEST
from taskflow.tasks import commands
from taskflow.tasks.drafts import DEFAULTS
from taskflow.tasks.model import Actor, new_task

KEPT = """
SELECT version, kind, title, completed_at FROM recurring.habit_tasks WHERE task_id = $1
"""
ROWS = """
SELECT task_id, user_id, version, kind, title, created_at, completed_at, priority, all_day,
       due_date, tags, timezone
  FROM recurring.habit_tasks ORDER BY task_id
"""
WHOSE = "SELECT user_id FROM recurring.habit_looks"
LOOKS = "SELECT changes, look_at FROM recurring.habit_looks WHERE user_id = $1"


@pytest.fixture
async def place(dsn: str) -> AsyncIterator[Place]:
    async with (
        fresh_database(dsn, None) as owner,
        connected(owner._dsn, "taskflow_recurring") as database,
    ):
        yield Place(database, Wall(), uuid4())


async def test_what_is_kept_is_the_newest_news_whatever_order_it_comes_in(place: Place) -> None:
    for order in permutations(range(4)):
        at = NOW
        made = new_task(replace(DEFAULTS, title="Water"), uuid4(), place.user, at)
        done = made.completed(at).next_version(at)
        named = replace(done, title="Water plants").next_version(at)
        gone = named.next_version(at)
        events = [
            event(TASK_CREATED, made),
            event(TASK_COMPLETED, done),
            event(TASK_UPDATED, named),
            event(TASK_DELETED, gone),
        ]
        await place.hear(events[index] for index in order)
        (kept,) = await place.rows(KEPT, made.id)
        assert (kept["version"], kept["kind"], kept["title"]) == (4, "gone", "")


async def test_news_that_comes_together_is_kept_as_if_it_came_singly(place: Place) -> None:
    other = uuid4()
    events = [*place.weekly("Water"), *place.weekly("Rent", other)]
    async with place.database.transaction() as transaction:
        await storage.note(transaction, [*reversed(events), *events], NOW)
    for user in (place.user, other):
        ((changes, _),) = await place.rows(LOOKS, user)
        assert changes == TIMES
    await place.look()
    assert (await place.suggested(), await place.suggested(other)) == (["Water"], ["Rent"])


async def test_batches_of_the_same_people_wait_for_each_other_and_never_in_a_circle(
    place: Place,
) -> None:
    users = [uuid4() for _ in range(5)]
    events = [one for user in users for one in place.weekly("Water", user)]

    async def hear(batch: list[TaskEvent]) -> None:
        async with place.database.transaction() as transaction:
            await storage.note(transaction, batch, NOW)

    await asyncio.gather(*(hear(events[turn:] + events[:turn]) for turn in range(0, 80, 10)))
    for user in users:
        ((changes, _),) = await place.rows(LOOKS, user)
        assert changes == TIMES


async def test_a_habit_is_suggested_once_however_many_look_for_it(place: Place) -> None:
    users = [uuid4() for _ in range(6)]
    for user in users:
        await place.hear(place.weekly("Water the plants", user))
    place.wall.at += timedelta(minutes=1)
    looked = await asyncio.gather(*(place.look() for _ in range(3)))
    assert sum(looked) == len(users)
    for user in users:
        assert await place.suggested(user) == ["Water the plants"]


async def test_a_history_is_looked_at_once_for_many_changes_and_not_before_they_rest(
    place: Place,
) -> None:
    await place.hear(place.weekly("Water the plants"))
    ((changes, look_at),) = await place.rows(LOOKS, place.user)
    assert (changes, look_at) == (2 * TIMES, NOW + storage.SOON)
    assert not await place.finding.look()
    assert await place.look() == 1
    assert await place.look() == 0
    assert await place.rows(LOOKS, place.user) == []


async def test_news_that_changes_nothing_has_nothing_looked_at(place: Place) -> None:
    events = place.weekly("Water the plants")
    await place.hear(events)
    assert await place.look() == 1
    await place.hear(events)
    assert await place.rows(LOOKS, place.user) == []


async def test_what_changes_while_it_is_looked_at_is_looked_at_again(place: Place) -> None:
    await place.hear(place.told("Water", 7))
    place.wall.at += timedelta(minutes=1)
    async with place.database.transaction() as transaction:
        look = await storage.claim(transaction, place.wall.now())
    assert look
    await place.hear(place.weekly("Water"))
    async with place.database.transaction() as transaction:
        await storage.end(transaction, look, place.wall.now())
    ((_, look_at),) = await place.rows(LOOKS, place.user)
    assert look_at == place.wall.now() + storage.LATER
    assert await place.look() == 1
    assert await place.suggested() == ["Water"]


async def test_what_a_dead_process_had_claimed_is_taken_over(place: Place) -> None:
    await place.hear(place.weekly("Water the plants"))
    place.wall.at += timedelta(minutes=1)
    async with place.database.transaction() as transaction:
        assert await storage.claim(transaction, place.wall.now())
    assert not await place.finding.look()
    place.wall.at += storage.LEASE
    assert await place.finding.look()
    assert await place.suggested() == ["Water the plants"]


async def test_a_dismissal_is_never_undone_by_looking_again(place: Place) -> None:
    await place.hear(place.weekly("Water the plants"))
    await place.look()
    (suggestion_id,) = await place.ids()
    async with place.database.transaction() as transaction:
        await suggestions.decide(transaction, suggestion_id, "dismissed")
    await place.hear([*place.weekly("Plants: water!"), *place.weekly("Water big plants")])
    await place.look()
    assert await place.suggested() == []
    ((words,),) = await place.rows("SELECT words FROM recurring.suggestions")
    assert words == ["plan", "wate"]


async def test_a_suggestion_keeps_its_id_while_its_evidence_grows(place: Place) -> None:
    events = place.weekly("Water the plants")
    await place.hear(events[2:])
    await place.look()
    before = await place.ids()
    await place.hear(events[:2])
    await place.look()
    assert await place.ids() == before
    async with place.database.transaction() as transaction:
        kept = await suggestions.lock(transaction, place.user, before[0])
        assert kept.suggestion
        assert len(kept.suggestion.evidence) == TIMES


async def test_a_title_that_recurs_is_not_suggested_until_it_does_no_more(place: Place) -> None:
    series = new_task(replace(DEFAULTS, title="Watering"), uuid4(), place.user, NOW)
    series = replace(series, recurrence=Recurrence("FREQ=DAILY"), series_id=uuid4())
    await place.hear([*place.weekly("Water"), event(TASK_CREATED, series)])
    await place.look()
    assert await place.suggested() == []
    await place.hear([event(TASK_DELETED, series.next_version(NOW))])
    await place.look()
    assert await place.suggested() == ["Water"]


@pytest.mark.parametrize(
    ("status", "suggested"), [("active", []), ("paused", []), ("ended", ["Water"])]
)
async def test_what_recurs_is_not_suggested_while_no_task_of_it_waits(
    place: Place, status: SeriesStatus, suggested: list[str]
) -> None:
    task = new_task(replace(DEFAULTS, title="Watering"), uuid4(), place.user, NOW)
    task = replace(task, recurrence=Recurrence("FREQ=DAILY"), series_id=task.id)
    fresh = series.begin(task.state(), task.id, NOW).with_series(status=status)
    async with place.database.transaction() as transaction:
        await series_storage.begin(transaction, [fresh.series])
    done = event(TASK_COMPLETED, task.completed(NOW).next_version(NOW))
    await place.hear([*place.weekly("Water"), done])
    await place.look()
    assert await place.suggested() == suggested


async def test_what_is_done_for_a_series_is_no_history(place: Place) -> None:
    series = uuid4()
    events = [
        replace(one, task=replace(one.task, series_id=series)) for one in place.weekly("Water")
    ]
    await place.hear(events)
    await place.look()
    assert await place.suggested() == []
    async with place.database.transaction() as transaction:
        assert await storage.history(transaction, place.user, NOW) == []


async def test_what_was_given_up_meanwhile_is_shown_no_more(place: Place) -> None:
    await place.hear(place.weekly("Water"))
    await place.look()
    async with place.database.transaction() as transaction:
        later = NOW.date() + timedelta(days=30)
        assert await suggestions.open_ones(transaction, place.user, later) == []


async def test_a_history_is_bounded(place: Place) -> None:
    old = place.told("Old", LONGEST.days + 1)
    await place.hear([*old, *place.weekly("Water"), *place.weekly("Rent")])
    await place.look()
    titles = "SELECT title FROM recurring.habit_tasks ORDER BY at"
    assert {row["title"] for row in await place.rows(titles)} == {"Water", "Rent"}
    async with place.database.transaction() as transaction:
        await storage.prune(transaction, place.user, NOW, most=12)
    assert len(await place.rows(titles)) == 12


async def test_who_is_erased_while_their_history_is_looked_at_leaves_nothing(place: Place) -> None:
    await place.hear(place.weekly("Water"))
    place.wall.at += timedelta(minutes=1)
    now = place.wall.now()
    async with place.database.transaction() as transaction:
        look = await storage.claim(transaction, now)
    assert look
    habits = await place.finding._habits(look, now)
    assert len(habits) == 1
    async with place.database.transaction() as transaction:
        await erased.close(transaction, NAME, place.user, NOW)
        assert await storage.forget_user(transaction, place.user, 100) == TIMES + 1
    await place.finding._conclude(look, habits, now)
    for table in ("habit_tasks", "habit_looks", "suggestions"):
        assert await place.rows(f"SELECT user_id FROM recurring.{table}") == []  # noqa: S608 - ours


async def test_somebody_elses_suggestion_is_not_found(place: Place) -> None:
    await place.hear(place.weekly("Water"))
    await place.look()
    (suggestion_id,) = await place.ids()
    async with place.database.transaction() as transaction:
        with pytest.raises(NotFound):
            await suggestions.lock(transaction, uuid4(), suggestion_id)


async def test_an_older_installation_has_its_history_taken_over_as_the_news_would_tell_it(
    dsn: str,
) -> None:
    migration = import_module("taskflow.db.migrations.versions.0020_habits")
    person = Actor(uuid4(), "user", "ann", "Ann", "correlation")
    given: list[dict[str, object]] = [
        {"title": "Water", "tags": ["home"], "due_date": "2026-03-09T09:00:00Z"},
        {"title": "Rent", "all_day": True, "due_date": "2026-03-09", "timezone": "Asia/Tokyo"},
        {"title": "Clean", "recurrence": {"rule": "FREQ=DAILY"}},
        {"title": "Gone"},
        {"title": "Done", "recurrence": {"rule": "FREQ=DAILY"}},
    ]
    now = datetime.now(UTC)
    async with fresh_database(dsn, None) as owner, owner.transaction() as transaction:
        tasks = [await commands.create(transaction, person, one, now) for one in given]
        await commands.complete(transaction, person, tasks[0].id, now, now)
        await commands.delete(transaction, person, tasks[3].id, now)
        await commands.complete(transaction, person, tasks[4].id, now, now)
        told = await transaction.rows("SELECT envelope FROM delivery.outbox")
        await storage.note(transaction, [decode(row["envelope"]).data for row in told], now)
        by_news = await transaction.rows(ROWS)
        await transaction.execute("DELETE FROM recurring.habit_tasks")
        await transaction.execute("DELETE FROM recurring.habit_looks")
        await transaction.execute(migration.HISTORY)
        await transaction.execute(migration.LOOKS)
        taken_over = await transaction.rows(ROWS)
        assert [row["user_id"] for row in await transaction.rows(WHOSE)] == [person.user_id]
    # What is in the trash is news to nobody: it leaves no mark.
    assert [dict(row) for row in taken_over] == [
        dict(row) for row in by_news if row["task_id"] != tasks[3].id
    ]
