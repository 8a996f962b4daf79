"""What is read grows with what is asked for, not with what is kept: every such query has an index.

The database is filled once with far more than any statement may look at.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from tests.explained import Explained, explaining
from tests.fresh import fresh_database

from taskflow.db.engine import Database
from taskflow.inbox import dead_letters, dedup
from taskflow.outbox import tables as outbox
from taskflow.outbox.tail import Gap, Tail
from taskflow.services.audit_logger import storage as audit
from taskflow.services.notification import storage as notifications
from taskflow.services.recurring_processor import due_storage, history_storage, holding
from taskflow.services.recurring_processor import storage as recurring
from taskflow.services.recurring_processor.habits import storage as habits
from taskflow.services.recurring_processor.habits import suggestions_storage as suggestions
from taskflow.services.recurring_processor.task_door import TaskDoor, system_actor
from taskflow.services.reminder import (
    claims,
    deliveries,
    delivery_log,
    due,
    parcels,
    postponements,
    pruning,
    receipts,
)
from taskflow.services.reminder import storage as reminders
from taskflow.services.reminder.messages import RANKS
from taskflow.services.task_api import idempotency
from taskflow.tasks import commands, floating, queries
from taskflow.tasks.model import Actor
from taskflow.tasks.queries import Filter

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
USER = UUID(int=1)
SERIES = UUID(int=7)
DAY_9 = ([SERIES], ["day 9"])
SOME = [UUID(int=number) for number in range(50)]
HALF_A_YEAR = timedelta(days=182)
MOST = 1_200
# A rare word may be looked for in one person's tasks, what to forget once an hour in the backlog.
MORE = {
    "tasks with a word": 20_000,
    "marks to forget": 30_000,
    "how much waits in the outbox": outbox.MOST_COUNTED,
}
# One person has 20,000 tasks, of which 5 belong to the series; a hundred others have 100 each.
FILL = """
INSERT INTO tasks.tasks (id, user_id, title, tags, due_at, timezone, series_id, version, created_at,
                         updated_at, deleted_at, priority)
SELECT number_id(n), CASE WHEN n <= 20000 THEN number_id(1) ELSE number_id(100 + n % 100) END,
       'Task ' || n || ' ' || md5(n::text), ARRAY['tag' || n % 500], at, 'UTC',
       CASE WHEN n > 19995 AND n <= 20000 THEN number_id(7) END, 1, at, at,
       CASE WHEN n % 20 = 0 THEN at END,
       (ARRAY['low', 'medium', 'high', 'urgent'])[1 + n % 4]
  FROM moments;
INSERT INTO tasks.idempotency_keys
SELECT number_id(1), n::text, '', 200, '{}', '', at + interval '100 days' FROM moments;
INSERT INTO delivery.outbox (event_id, source, topic, key, envelope, created_at)
SELECT number_id(n), '', '', n::text, repeat('x', 200)::bytea, at FROM moments;
INSERT INTO delivery.inbox
SELECT consumer, number_id(n + 1000000000)
  FROM moments, (VALUES ('audit'), ('ours')) AS known (consumer);
INSERT INTO audit.task_events
SELECT number_id(n), 'task.updated', number_id(n / 10),
       CASE WHEN n <= 20000 THEN number_id(1) ELSE number_id(100 + n % 100) END, at, '{}', '',
       '2026-01-01', 'actor ' || n % 3, n % 10 + 1
  FROM moments;
INSERT INTO notifications.items
SELECT CASE WHEN n <= 20000 THEN number_id(1) ELSE number_id(100 + n % 100) END, n, number_id(n),
       '{}', at + interval '100 days', CASE WHEN n % 40 > 0 THEN at END, at + interval '100 days'
  FROM moments;
INSERT INTO reminders.reminders (id, task_id, user_id, planned_at, fire_at, status, postponed_from)
SELECT number_id(n), number_id(n / 3), number_id(1), at, at,
       CASE WHEN n % 50 = 0 THEN 'pending' ELSE 'sent' END, CASE WHEN n % 100 > 0 THEN at END
  FROM moments;
INSERT INTO reminders.tasks (task_id, version, event_id, correlation_id, task, closed_at)
SELECT number_id(n), 1, number_id(n), '', '{}', CASE WHEN n % 2 = 0 THEN at END FROM moments;
INSERT INTO reminders.timeline (reminder_id, user_id, at, what, facts)
SELECT number_id(n), number_id(100 + n % 100), at, 'planned', '{}' FROM moments;
INSERT INTO reminders.deliveries
  (id, user_id, task_id, kind, state, channel_id, channel_kind, attempt, attempts, since, next_at,
   created_at, finished_at)
SELECT number_id(n), number_id(100 + n % 100), number_id(n / 3), 'reminder',
       CASE WHEN n % 50 = 0 THEN 'waiting' ELSE 'delivered' END, number_id(n % 100), 'kind', 1, 1,
       at, at, at, CASE WHEN n % 50 > 0 THEN at + interval '100 days' END
  FROM moments;
INSERT INTO reminders.told SELECT number_id(n), number_id(n), at FROM moments;
INSERT INTO reminders.attempts
SELECT number_id(n), 1, number_id(n % 100), 'kind', '', 1, at, 'delivered', '', 5, NULL
  FROM moments;
INSERT INTO recurring.series
SELECT number_id(n), number_id(n % 100), '{"rule": "FREQ=DAILY"}', 'UTC', false, '', 0, 0,
       CASE WHEN n % 50 = 0 THEN 'active' ELSE 'ended' END, number_id(n), at, at,
       '{}', 1, NULL, NULL, NULL, CASE WHEN n % 50 = 0 THEN at END
  FROM moments;
INSERT INTO recurring.instances
SELECT number_id(n), number_id(CASE WHEN n <= 20000 THEN 7 ELSE n % 100 + 100 END), '', n, 1, 1,
       CASE WHEN n % 20000 = 0 THEN 'pending' ELSE 'completed' END, false, false, true,
       'day ' || n, NULL, NULL, NULL, '', '{}', false, 0, 0, at, 0
  FROM moments;
INSERT INTO recurring.habit_tasks
SELECT number_id(n), CASE WHEN n <= 20000 THEN number_id(1) ELSE number_id(100 + n % 100) END, 1,
       CASE WHEN n % 20 = 0 THEN 'recurring' ELSE 'past' END, at, '', 'UTC', at, NULL, 'low', '{}',
       NULL, false
  FROM moments;
INSERT INTO recurring.habit_looks SELECT number_id(n), 1, at FROM moments;
INSERT INTO recurring.suggestions
SELECT number_id(n), number_id(100 + n % 100), ARRAY[n::text],
       CASE WHEN n % 7 = 0 THEN 'open' ELSE 'dismissed' END,
       CASE WHEN n % 7 = 0 THEN '{}'::jsonb END, 1, '2026-01-01'
  FROM moments;
"""
MOMENTS = """
CREATE FUNCTION number_id(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
  $$ SELECT lpad(to_hex(n), 32, '0')::uuid $$;
CREATE TABLE moments AS
SELECT n, timestamptz '2026-01-01 00:00Z' + n * interval '1 minute' AS at
  FROM generate_series(1, 30000) AS n;
"""
UNBEGUN = {claims.Unbegun(UUID(int=8), None)}
Read = Callable[[Explained], Awaitable[Any]]


@pytest.fixture(scope="module")
async def full(dsn: str) -> AsyncIterator[Database]:
    """A database full of other things, under the login's own role."""
    async with fresh_database(dsn, role=None) as database:
        async with database.transaction() as transaction:
            for statement in (MOMENTS + FILL).split(";\n"):
                if statement.strip():
                    await transaction.execute(statement)
            await transaction.execute("ANALYZE")
        yield database


def ident(number: int) -> UUID:
    return UUID(int=number)


async def pages(sort: str, transaction: Explained) -> None:
    cursor = None
    for _ in range(2):
        page = await queries.listing(
            transaction, USER, Filter(), sort=sort, limit=50, cursor=cursor
        )
        cursor = page.next_cursor
        assert cursor


async def has_tasks(transaction: Explained) -> None:
    door = TaskDoor(transaction, system_actor(USER, "correlation"), NOW)
    assert await door.has_tasks(USER, SERIES)
    assert not await door.has_tasks(USER, ident(8))


OWNER = Actor(USER, "user", str(USER), "Ann", "correlation")
SORTS = [
    sign + name for sign in ("", "-") for name in ("created_at", "due_date", "priority", "title")
]
READS: dict[str, Read] = {
    **{f"tasks by {sort}": partial(pages, sort) for sort in SORTS},
    "tasks of a series": lambda t: queries.listing(t, USER, Filter(series_id=SERIES)),
    "tasks of an unknown series": lambda t: queries.listing(t, USER, Filter(series_id=ident(8))),
    "tasks with a tag": lambda t: queries.listing(t, USER, Filter(tag="tag7")),
    "tasks with a word": lambda t: queries.listing(t, USER, Filter(q="777")),
    "tasks in the trash": lambda t: queries.listing(t, USER, Filter(status="deleted")),
    "one task": lambda t: queries.get(t, USER, ident(5)),
    "tasks held": lambda t: queries.hold(t, USER, [ident(n) for n in range(1, 500)]),
    "a person's floating tasks": lambda t: floating.move_floating(t, OWNER, "Asia/Tokyo", NOW),
    "the trash to be emptied": lambda t: commands.purge_trash(t, NOW, 100),
    "old idempotency keys": lambda t: idempotency.prune(t, NOW, 1_000),
    "whether a series has tasks": has_tasks,
    "new events": lambda t: outbox.read_new(
        t, Tail(20_000, (Gap(1, 5), Gap(17, 17), Gap(300, 301))), 500
    ),
    "no new events": lambda t: outbox.read_new(t, Tail(30_000), 500),
    "events again": lambda t: outbox.read_again(t, range(5, 900)),
    "events delivered": lambda t: outbox.delete(t, range(5, 900)),
    "marks to forget": lambda t: t.execute(dedup.PRUNE, ident(10**9 + 50), 1_000),
    "how much waits in the outbox": outbox.pending,
    "the number of dead letters": lambda t: dead_letters.waiting(t, "ours"),
    "dead letters": lambda t: dead_letters.to_replay(t, "ours", 100),
    "a task's trail": lambda t: audit.of_task(t, ident(70), 50, None),
    "versions that may be missing": lambda t: audit.absent(t, [(ident(n), 4) for n in range(300)]),
    "a trail's owner": lambda t: audit.owner(t, ident(70)),
    "a person's events": lambda t: audit.search(t, audit.Filter(user_id=USER), 50, None),
    "events of a type": lambda t: audit.search(
        t, audit.Filter(event_type="task.updated"), 50, None
    ),
    "a person's recent events": lambda t: audit.search(
        t, audit.Filter(user_id=ident(105), since=datetime(2026, 1, 21, 8, tzinfo=UTC)), 50, None
    ),
    "everybody's recent events": lambda t: audit.search(
        t, audit.Filter(since=datetime(2026, 1, 21, 19, tzinfo=UTC)), 50, None
    ),
    "notifications": lambda t: t.rows(notifications.LIST, USER, 2**62, 50),
    "unread notifications": lambda t: t.rows(notifications.LIST_UNREAD, USER, 2**62, 50),
    "the number of unread notifications": lambda t: notifications.unread(t, USER),
    "notifications after one": lambda t: t.rows(notifications.AFTER, USER, 19_000, 500),
    "a page of them": lambda t: t.rows(notifications.PAGE, USER, 19_000, 2**62, 200, 32_768),
    "what is forgotten of a person's notifications": lambda t: notifications.forget_user(
        t, ident(150), 5_000
    ),
    "what is forgotten of a person's reminders": lambda t: reminders.forget_user(
        t, ident(150), 5_000
    ),
    "what is forgotten of a person's series": lambda t: recurring.forget_user(t, ident(50), 5_000),
    "old notifications": lambda t: notifications.prune(t, NOW, 1_000),
    "a person's reminders": lambda t: reminders.listing(t, USER, None, None, 50, None),
    "a person's pending reminders": lambda t: reminders.listing(t, USER, "pending", None, 20, None),
    "a task's reminders": lambda t: reminders.listing(t, USER, None, ident(70), 50, None),
    "when the next reminder is due": reminders.next_time,
    "the first reminders that are due": lambda t: reminders.first(t, 50),
    "what of a claim is pending": lambda t: reminders.still(t, SOME),
    "the number of pending reminders": reminders.pending,
    "where the reminders of some tasks stand": lambda t: reminders.standings(t, SOME),
    "how many reminders were missed": lambda t: due.missed(t, [USER, ident(150)], NOW, NOW, 500),
    "whose reminders quiet hours hold up": lambda t: t.rows(postponements.PEOPLE, ident(0), 20),
    "whose come wrong": lambda t: t.rows(postponements.WHOSE, NOW, [USER, ident(150)], [NOW, NOW]),
    "what comes wrong": lambda t: t.rows(postponements.LOCK, NOW, USER, NOW, ident(0), 500),
    "a reminder's timeline": lambda t: receipts.entries(t, ident(70)),
    "a reminder's deliveries": lambda t: receipts.deliveries(t, ident(70)),
    "the attempts at some deliveries": lambda t: receipts.attempts(t, [ident(70), ident(71)]),
    "the reminders of a delivery": lambda t: receipts.of_delivery(t, ident(70)),
    "what a channel was given": lambda t: delivery_log.listing(t, ident(70), 50, None),
    "what a delivery tells of": lambda t: t.rows(parcels.MEMBERS, ident(70), RANKS, 20, USER),
    "deliveries that are due": lambda t: claims.claim(t, "kind", NOW, NOW, 50, USER),
    "what was claimed and not begun": lambda t: claims.give_back(t, "kind", UNBEGUN, NOW),
    "when the next delivery is due": lambda t: claims.next_time(t, "kind", NOW),
    "what is stopped of some tasks": lambda t: deliveries.stop_tasks(t, [ident(50)], "", NOW),
    "what is told no more of a reminder": lambda t: deliveries.withdraw(t, {ident(50): ""}, NOW),
    "what a lost channel leaves": lambda t: t.rows(deliveries.FREE, "kind", ident(150), USER, NOW),
    "how often one was sent": lambda t: t.rows(claims.SENDINGS, ident(70), ident(70), 5, NOW),
    "the number of deliveries that wait": deliveries.waiting,
    "old deliveries": lambda t: deliveries.prune(t, NOW, 1_000),
    "old reminders": lambda t: pruning.prune(t, NOW, 100),
    "a chain": lambda t: t.rows(recurring.CHAIN, SERIES, ident(9)),
    "a page of a series' history": lambda t: history_storage.page(t, SERIES, 50, None),
    "a month of a series": lambda t: history_storage.between(
        t, SERIES, datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 2, 8, tzinfo=UTC)
    ),
    "taken days": lambda t: t.rows(
        history_storage.STANDING, *DAY_9, [SERIES], [NOW], *DAY_9, *DAY_9, ["day 9"]
    ),
    "series that are due": lambda t: due_storage.claim(t, NOW, 100),
    "series that news is of": lambda t: t.rows(holding.HOLD, [ident(50), SERIES]),
    "how many of a series are open": lambda t: due_storage.open_of(t, [SERIES], 200),
    "series that float": lambda t: due_storage.floating(t, ident(50), 100),
    "series to be looked at": lambda t: due_storage.advance(t, [ident(50)], NOW),
    "when the next series is due": due_storage.next_at,
    "a person's series": lambda t: t.rows(recurring.LIST, ident(50), ident(0), None, 50),
    "the number of active series": recurring.count_active,
    "a person's history": lambda t: t.rows(habits.HISTORY, ident(150), NOW - HALF_A_YEAR, 5_000),
    "what recurs for a person": lambda t: t.rows(habits.RECURRING, ident(120), 5_000),
    "what a person has decided": lambda t: t.rows(suggestions.DECIDED, ident(150), 1_000),
    "a person's suggestions": lambda t: t.rows(suggestions.OPEN, ident(150), NOW.date(), 20),
    "a suggestion": lambda t: t.rows(suggestions.LOCK, ident(7), ident(107)),
    "history that is too old": lambda t: habits.prune(t, ident(150), NOW, 20),
    "suggestions that are none any more": lambda t: suggestions.suggest(t, ident(150), []),
    "a history to look at": lambda t: habits.claim(t, NOW),
    "when to look at the next history": habits.next_look,
    "what is forgotten of a person's habits": lambda t: habits.forget_user(t, ident(150), 5_000),
}


@pytest.mark.parametrize("name", sorted(READS))
async def test_a_statement_looks_at_few_rows(full: Database, name: str) -> None:
    async with explaining(full) as transaction:
        await READS[name](transaction)
        assert transaction.plans
        assert transaction.looked_at <= MORE.get(name, MOST), transaction.plans


async def test_what_is_too_much_to_be_counted_is_estimated(full: Database) -> None:
    async with full.transaction() as transaction:
        assert (await outbox.pending(transaction)).events == 30_000


async def test_reminders_that_are_due_are_found_by_an_index(full: Database) -> None:
    async with explaining(full) as transaction:
        await transaction._measure(due.DUE, (NOW, 100))
        assert transaction.looked_at <= MOST, transaction.plans


async def test_reminders_that_were_claimed_are_found_by_their_ids(full: Database) -> None:
    async with explaining(full) as transaction:
        await transaction._measure(due.DUE_CLAIMED, (NOW, 100, SOME))
        assert transaction.looked_at <= MOST, transaction.plans
