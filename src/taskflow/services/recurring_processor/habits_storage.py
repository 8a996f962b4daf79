"""The tables in which habits are found: histories, whose history has changed, and suggestions.

A history follows the newest version of each task, in whatever order the news comes. Of a task that
was deleted, or that recurs, nothing stays but the mark that older news meets. What is suggested is
kept until it is decided; of what was decided only the words stay, so that nobody is asked twice.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, Literal, NamedTuple
from uuid import UUID

import msgspec

from taskflow.base.errors import NotFound
from taskflow.base.ids import derived_id
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskEvent
from taskflow.events.topics import TASK_DELETED
from taskflow.inbox.erased import removal, remove_some
from taskflow.services.recurring_processor.pattern_detector import (
    LONGEST,
    MOST_HABITS,
    MOST_TASKS,
    Habit,
    PastTask,
)
from taskflow.services.recurring_processor.suggestions import Suggestion, suggestion_of
from taskflow.services.recurring_processor.titles import Words, words_of

if TYPE_CHECKING:
    from asyncpg import Record

Kind = Literal["past", "recurring", "gone"]
Status = Literal["open", "accepted", "dismissed"]

BELL: Final = "habits"
# Changes come together: so long after the first of them a history is looked at.
SOON: Final = timedelta(seconds=2)
# It changed while it was looked at: no hurry then.
LATER: Final = timedelta(seconds=10)
# After so long somebody else looks at what a dead process had begun to.
LEASE: Final = timedelta(minutes=2)
# So many decisions of one person are remembered; older ones are forgotten.
MOST_DECIDED: Final = 1_000

NOTE = """
WITH kept AS (
  INSERT INTO recurring.habit_tasks AS known (task_id, user_id, version, kind, at, title, timezone,
              created_at, completed_at, priority, tags, due_date, all_day)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
  ON CONFLICT (task_id) DO UPDATE
     SET version = EXCLUDED.version, kind = EXCLUDED.kind, at = EXCLUDED.at,
         title = EXCLUDED.title, timezone = EXCLUDED.timezone, created_at = EXCLUDED.created_at,
         completed_at = EXCLUDED.completed_at, priority = EXCLUDED.priority, tags = EXCLUDED.tags,
         due_date = EXCLUDED.due_date, all_day = EXCLUDED.all_day
   WHERE known.version < EXCLUDED.version
  RETURNING task_id
)
INSERT INTO recurring.habit_looks AS look (user_id, changes, look_at)
SELECT $2, 1, $14 FROM kept
ON CONFLICT (user_id) DO UPDATE SET changes = look.changes + 1
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
RECURRING = """
SELECT title FROM recurring.habit_tasks
 WHERE user_id = $1 AND kind = 'recurring' ORDER BY at DESC LIMIT $2
"""
DECIDED = """
SELECT words FROM recurring.suggestions WHERE user_id = $1 AND status <> 'open' LIMIT $2
"""
PRUNE = """
DELETE FROM recurring.habit_tasks
 WHERE user_id = $1 AND kind = ANY('{past,gone}') AND at <= greatest($2, (
   SELECT at FROM recurring.habit_tasks
    WHERE user_id = $1 AND kind = 'past' ORDER BY at DESC OFFSET $3 LIMIT 1
 ))
"""

# A suggestion that was decided stays as it is.
SUGGEST = """
INSERT INTO recurring.suggestions AS known
       (id, user_id, words, status, suggestion, confidence, stands_until)
VALUES ($1, $2, $3, 'open', $4, $5, $6)
ON CONFLICT (user_id, words) DO UPDATE
   SET suggestion = EXCLUDED.suggestion, confidence = EXCLUDED.confidence,
       stands_until = EXCLUDED.stands_until
 WHERE known.status = 'open'
"""
WITHDRAW = """
DELETE FROM recurring.suggestions
 WHERE user_id = $1 AND status = 'open'
   AND array_to_string(words, ' ') <> ALL($2::text[])
"""
OPEN = """
SELECT id, suggestion FROM recurring.suggestions
 WHERE user_id = $1 AND status = 'open' AND stands_until >= $2
 ORDER BY confidence DESC, id LIMIT $3
"""
LOCK = """
SELECT id, status, suggestion, task_id FROM recurring.suggestions
 WHERE id = $1 AND user_id = $2 FOR UPDATE
"""
DECIDE = """
UPDATE recurring.suggestions SET status = $2, task_id = $3, suggestion = NULL WHERE id = $1
"""
FORGET_USER: Final = tuple(
    removal(f"recurring.{table}") for table in ("habit_looks", "suggestions", "habit_tasks")
)

_SUGGESTION: Final = msgspec.json.Decoder(Suggestion)


class Look(NamedTuple):
    """Somebody's history that is to be looked at, as of so many changes."""

    user_id: UUID
    changes: int


class Kept(NamedTuple):
    """A suggestion as it is kept; the task is set when it was accepted."""

    id: UUID
    status: Status
    suggestion: Suggestion | None
    task_id: UUID | None


async def note(transaction: Transaction, event: TaskEvent, now: datetime) -> None:
    """Keep what an event tells of a task, and have the history looked at; older news does nothing.

    Args:
        transaction: Where to write.
        event: The news.
        now: The present instant.
    """
    task, kind = event.task, _kind(event)
    is_told = kind != "gone"
    await transaction.execute(
        NOTE,
        task.id,
        event.user_id,
        event.version,
        kind,
        (task.completed_at or task.created_at) if is_told else event.timestamp,
        task.title if is_told else "",
        task.timezone,
        task.created_at,
        task.completed_at,
        task.priority,
        task.tags if is_told else (),
        task.due_date,
        task.all_day,
        now + SOON,
    )
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


async def known(transaction: Transaction, user_id: UUID) -> set[Words]:
    """The words of what recurs, and of what the person has decided on."""
    recurring = await transaction.rows(RECURRING, user_id, MOST_TASKS)
    decided = await transaction.rows(DECIDED, user_id, MOST_DECIDED)
    return {words_of(row["title"]) for row in recurring} | {tuple(row["words"]) for row in decided}


async def suggest(transaction: Transaction, user_id: UUID, habits: Sequence[Habit]) -> None:
    """Have exactly these suggested, but for what was decided."""
    await transaction.execute(WITHDRAW, user_id, [" ".join(habit.words) for habit in habits])
    for habit in habits:
        suggestion = msgspec.json.encode(suggestion_of(habit)).decode()
        values = (list(habit.words), suggestion, habit.confidence, habit.stands_until)
        await transaction.execute(SUGGEST, _id(user_id, habit), user_id, *values)


async def prune(
    transaction: Transaction, user_id: UUID, now: datetime, most: int = MOST_TASKS
) -> None:
    """Forget what is too old, and what is beyond the newest so many tasks."""
    await transaction.execute(PRUNE, user_id, now - LONGEST, most)


async def open_ones(
    transaction: Transaction, user_id: UUID, today: date
) -> list[tuple[UUID, Suggestion]]:
    """What is suggested to a person, the surest first; not what has been given up meanwhile."""
    rows = await transaction.rows(OPEN, user_id, today, MOST_HABITS)
    return [(row["id"], _SUGGESTION.decode(row["suggestion"])) for row in rows]


async def lock(transaction: Transaction, user_id: UUID, suggestion_id: UUID) -> Kept:
    """A person's suggestion, locked until the transaction ends.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    row = await transaction.row(LOCK, suggestion_id, user_id)
    if row is None:
        raise NotFound(f"there is no suggestion {suggestion_id}")
    return _kept(row)


async def decide(
    transaction: Transaction, suggestion_id: UUID, status: Status, task_id: UUID | None = None
) -> None:
    """Note that a suggestion was accepted, with its task, or dismissed."""
    await transaction.execute(DECIDE, suggestion_id, status, task_id)


async def forget_user(transaction: Transaction, user_id: UUID, limit: int) -> int:
    """Remove so much of a user's history and of what was suggested to them."""
    return await remove_some(transaction, FORGET_USER, user_id, limit)


def _kind(event: TaskEvent) -> Kind:
    task = event.task
    if event.event_type == TASK_DELETED or task.deleted_at is not None:
        return "gone"
    if task.recurrence is not None and task.status == "pending":
        return "recurring"
    return "past" if task.series_id is None else "gone"


def _id(user_id: UUID, habit: Habit) -> UUID:
    """The id of a suggestion, which stands where the habit began."""
    began = datetime.combine(habit.evidence[0].date, time(), habit.tasks[0].created_at.tzinfo)
    return derived_id(user_id, " ".join(habit.words), began)


def _kept(row: "Record") -> Kept:
    text = row["suggestion"]
    suggestion = _SUGGESTION.decode(text) if text else None
    return Kept(row["id"], row["status"], suggestion, row["task_id"])
