"""The table of suggestions.

One is kept until it is decided; then only the words stay, so that nobody is asked twice.
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final, Literal, NamedTuple
from uuid import UUID

import msgspec

from taskflow.base.errors import NotFound
from taskflow.base.ids import derived_id
from taskflow.db.transaction import Transaction
from taskflow.services.recurring_processor.detection.titles import Words
from taskflow.services.recurring_processor.habits.suggestions import Suggestion, suggestion_of
from taskflow.services.recurring_processor.pattern_detector import MOST_HABITS, Habit

if TYPE_CHECKING:
    from asyncpg import Record

Status = Literal["open", "accepted", "dismissed"]

# More than a person decides in a life; it bounds what is read.
MOST_DECIDED: Final = 1_000

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
DECIDED = """
SELECT words FROM recurring.suggestions
 WHERE user_id = $1 AND status <> 'open' ORDER BY id DESC LIMIT $2
"""

_SUGGESTION: Final = msgspec.json.Decoder(Suggestion)


class Kept(NamedTuple):
    """A suggestion as it is kept; the task is set when it was accepted."""

    id: UUID
    status: Status
    suggestion: Suggestion | None
    task_id: UUID | None


async def decided(transaction: Transaction, user_id: UUID) -> set[Words]:
    """The words of what a person has accepted or dismissed."""
    rows = await transaction.rows(DECIDED, user_id, MOST_DECIDED)
    return {tuple(row["words"]) for row in rows}


async def suggest(transaction: Transaction, user_id: UUID, habits: Sequence[Habit]) -> None:
    """Have exactly these suggested, but for what was decided."""
    await transaction.execute(WITHDRAW, user_id, [" ".join(habit.words) for habit in habits])
    for habit in habits:
        suggestion = msgspec.json.encode(suggestion_of(habit)).decode()
        values = (list(habit.words), suggestion, habit.confidence, habit.stands_until)
        await transaction.execute(SUGGEST, _id(user_id, habit), user_id, *values)


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


def _id(user_id: UUID, habit: Habit) -> UUID:
    """The id of a suggestion, which stands where the habit began."""
    began = datetime.combine(habit.evidence[0].date, time(), habit.tasks[0].created_at.tzinfo)
    return derived_id(user_id, " ".join(habit.words), began)


def _kept(row: "Record") -> Kept:
    text = row["suggestion"]
    suggestion = _SUGGESTION.decode(text) if text else None
    return Kept(row["id"], row["status"], suggestion, row["task_id"])
