"""The tables in which habits are found: histories, and whose history has changed.

A history follows the newest version of each task, in whatever order the news comes. Of a task that
was deleted, or was done for a series, nothing stays but the mark that older news meets.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskEvent
from taskflow.events.topics import TASK_DELETED
from taskflow.inbox.erased import removal, remove_some
from taskflow.services.recurring_processor.detection.titles import Words, words_of
from taskflow.services.recurring_processor.pattern_detector import LONGEST, MOST_TASKS, PastTask

Kind = Literal["past", "recurring", "gone"]

BELL: Final = "habits"
# Changes come together: so long after the first of them a history is looked at.
SOON: Final = timedelta(seconds=2)
# It changed while it was looked at: no hurry then.
LATER: Final = timedelta(seconds=10)
# After so long somebody else looks at what a dead process had begun to.
LEASE: Final = timedelta(minutes=2)
# Rows are taken in one order, so that two batches never wait for each other in a circle.
NOTE = """
WITH kept AS (
  INSERT INTO recurring.habit_tasks AS known (task_id, user_id, version, kind, at, title, timezone,
              created_at, completed_at, priority, tags, due_date, all_day)
  SELECT task_id, user_id, version, kind, at, title, timezone, created_at, completed_at, priority,
         tags, due_date, all_day
    FROM jsonb_to_recordset($1::jsonb) AS news (task_id uuid, user_id uuid, version integer,
         kind text, at timestamptz, title text, timezone text, created_at timestamptz,
         completed_at timestamptz, priority text, tags text[], due_date text, all_day boolean)
   ORDER BY task_id
  ON CONFLICT (task_id) DO UPDATE
     SET version = EXCLUDED.version, kind = EXCLUDED.kind, at = EXCLUDED.at,
         title = EXCLUDED.title, timezone = EXCLUDED.timezone, created_at = EXCLUDED.created_at,
         completed_at = EXCLUDED.completed_at, priority = EXCLUDED.priority, tags = EXCLUDED.tags,
         due_date = EXCLUDED.due_date, all_day = EXCLUDED.all_day
   WHERE known.version < EXCLUDED.version
  RETURNING user_id
)
INSERT INTO recurring.habit_looks AS look (user_id, changes, look_at)
SELECT user_id, count(*), $2 FROM kept GROUP BY user_id ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE SET changes = look.changes + EXCLUDED.changes
"""
CLAIM = """
UPDATE recurring.habit_looks SET look_at = $2
 WHERE user_id = (
   SELECT user_id FROM recurring.habit_looks
    WHERE look_at <= $1 ORDER BY look_at LIMIT 1 FOR UPDATE SKIP LOCKED
 )
RETURNING user_id, changes
"""
NEXT_LOOK = "SELECT look_at FROM recurring.habit_looks ORDER BY look_at LIMIT 1"
DONE = "DELETE FROM recurring.habit_looks WHERE user_id = $1 AND changes = $2"
AGAIN = "UPDATE recurring.habit_looks SET look_at = $2 WHERE user_id = $1"

HISTORY = """
SELECT task_id AS id, title, timezone, created_at, completed_at, priority, tags, due_date, all_day
  FROM recurring.habit_tasks
 WHERE user_id = $1 AND kind = 'past' AND at >= $2
 ORDER BY at DESC LIMIT $3
"""
# A series that rests, or whose next task is yet to appear, has no task that waits.
RECURRING = """
(SELECT title FROM recurring.habit_tasks
  WHERE user_id = $1 AND kind = 'recurring' ORDER BY at DESC LIMIT $2)
UNION
(SELECT template ->> 'title' FROM recurring.series
  WHERE user_id = $1 AND recurrence IS NOT NULL AND status = ANY('{active,paused}')
  ORDER BY id DESC LIMIT $2)
"""
PRUNE = """
DELETE FROM recurring.habit_tasks
 WHERE user_id = $1 AND kind = ANY('{past,gone}') AND at <= greatest($2, (
   SELECT at FROM recurring.habit_tasks
    WHERE user_id = $1 AND kind = 'past' ORDER BY at DESC OFFSET $3 LIMIT 1
 ))
"""

FORGET_USER: Final = (
    removal("recurring.habit_looks", "user_id"),
    removal("recurring.suggestions", "id"),
    removal("recurring.habit_tasks", "task_id"),
)


class Look(NamedTuple):
    """Somebody's history that is to be looked at, as of so many changes."""

    user_id: UUID
    changes: int


class News(Struct, frozen=True):
    """A row of a history."""

    task_id: UUID
    user_id: UUID
    version: int
    kind: Kind
    at: datetime
    title: str
    timezone: str
    created_at: datetime
    completed_at: datetime | None
    priority: str
    tags: tuple[str, ...]
    due_date: str | None
    all_day: bool


async def note(transaction: Transaction, events: Sequence[TaskEvent], now: datetime) -> None:
    """Keep what events tell of tasks, and have the histories looked at; older news does nothing.

    Args:
        transaction: Where to write.
        events: The news, in any order.
        now: The present instant.
    """
    newest: dict[UUID, TaskEvent] = {}
    for event in sorted(events, key=lambda one: one.version):
        newest[event.task_id] = event
    news = msgspec.json.encode([_news(event) for event in newest.values()]).decode()
    if await transaction.execute(NOTE, news, now + SOON):
        transaction.ring(BELL)


async def claim(transaction: Transaction, now: datetime) -> Look | None:
    """A history that is to be looked at, and that nobody else looks at meanwhile."""
    row = await transaction.row(CLAIM, now, now + LEASE)
    return Look(*row) if row else None


async def next_look(transaction: Transaction) -> datetime | None:
    """When the next history is to be looked at."""
    at: datetime | None = await transaction.value(NEXT_LOOK)
    return at


async def end(transaction: Transaction, look: Look, now: datetime) -> None:
    """Note that a history was looked at; one that has changed meanwhile is looked at again."""
    if not await transaction.execute(DONE, *look):
        await transaction.execute(AGAIN, look.user_id, now + LATER)


async def history(transaction: Transaction, user_id: UUID, now: datetime) -> list[PastTask]:
    """A person's newest tasks that belong to no series."""
    rows = await transaction.rows(HISTORY, user_id, now - LONGEST, MOST_TASKS)
    return [PastTask(**{**row, "tags": tuple(row["tags"])}) for row in rows]


async def recurring(transaction: Transaction, user_id: UUID) -> set[Words]:
    """The words of what recurs for a person."""
    rows = await transaction.rows(RECURRING, user_id, MOST_TASKS)
    return {words_of(row["title"]) for row in rows}


async def prune(
    transaction: Transaction, user_id: UUID, now: datetime, most: int = MOST_TASKS
) -> None:
    """Forget what is too old, and what is beyond the newest so many tasks."""
    await transaction.execute(PRUNE, user_id, now - LONGEST, most)


async def forget_user(transaction: Transaction, user_id: UUID, limit: int) -> int:
    """Remove so much of a user's history and of what was suggested to them."""
    return await remove_some(transaction, FORGET_USER, user_id, limit)


def _news(event: TaskEvent) -> News:
    task, kind = event.task, _kind(event)
    is_told = kind != "gone"
    return News(
        task_id=event.task_id,
        user_id=event.user_id,
        version=event.version,
        kind=kind,
        at=(task.completed_at or task.created_at) if is_told else event.timestamp,
        title=task.title if is_told else "",
        timezone=task.timezone,
        created_at=task.created_at,
        completed_at=task.completed_at,
        priority=task.priority,
        tags=task.tags if is_told else (),
        due_date=task.due_date,
        all_day=task.all_day,
    )


def _kind(event: TaskEvent) -> Kind:
    task = event.task
    if event.event_type == TASK_DELETED or task.deleted_at is not None:
        return "gone"
    if task.recurrence is not None and task.status == "pending":
        return "recurring"
    return "past" if task.series_id is None else "gone"
