"""Reads what has become of the instances of series: pages, months and figures."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from taskflow.base import cursors
from taskflow.db.transaction import Transaction
from taskflow.services.recurring_processor.model import Instance, Series
from taskflow.services.recurring_processor.moments import instant_in
from taskflow.services.recurring_processor.storage import INSTANCE, instance_of
from taskflow.services.recurring_processor.taken import keys_of
from taskflow.tasks.model import due_text
from taskflow.tasks.recurrence import Occurrence

# Figures are of so many of the newest instances: some five years of a daily series.
MOST_TRACED: Final = 2_000
MOST_IN_MONTH: Final = 2_000
# No two places on earth have the same wall time further apart.
FARTHEST: Final = timedelta(hours=28)
LIST_NAME: Final = "history"

PAGE = f"""
SELECT {INSTANCE} FROM recurring.instances
 WHERE series_id = $1 AND NOT is_withdrawn AND (position, task_id) < ($2, $3)
 ORDER BY position DESC, task_id DESC LIMIT $4
"""  # noqa: S608 - made of constants
NEWEST = f"""
SELECT {INSTANCE} FROM recurring.instances
 WHERE series_id = $1 ORDER BY position DESC, task_id DESC LIMIT $2
"""  # noqa: S608 - made of constants
BETWEEN = f"""
SELECT {INSTANCE} FROM recurring.instances
 WHERE series_id = $1 AND due_at >= $2 AND due_at < $3
 ORDER BY due_at LIMIT $4
"""  # noqa: S608 - made of constants
# Branches, so that each has its index.
STANDING = f"""
SELECT {INSTANCE} FROM recurring.instances
 WHERE (series_id, occurrence_date) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))
   AND NOT is_withdrawn
 UNION
SELECT {INSTANCE} FROM recurring.instances
 WHERE (series_id, due_at) IN (SELECT * FROM unnest($3::uuid[], $4::timestamptz[]))
   AND NOT is_withdrawn
 UNION
SELECT {INSTANCE} FROM recurring.instances
 WHERE (series_id, planned_date) IN (SELECT * FROM unnest($5::uuid[], $6::text[]))
   AND NOT is_withdrawn
 UNION
SELECT {INSTANCE} FROM unnest($7::uuid[], $8::text[], $9::text[]) AS wall (id, since, until)
  JOIN recurring.instances ON series_id = wall.id AND planned_date BETWEEN since AND until
 WHERE NOT is_withdrawn
"""  # noqa: S608 - made of constants


async def page(
    transaction: Transaction, series_id: UUID, limit: int, cursor: str | None
) -> tuple[list[Instance], str | None]:
    """Some instances of a series, the newest first, and where the older ones begin."""
    place = (2**31 - 1, UUID(int=2**128 - 1))
    if cursor is not None:
        position, task_id = cursors.decode(cursor, LIST_NAME, tuple[cursors.Version, UUID])
        place = (position, task_id)
    rows = await transaction.rows(PAGE, series_id, *place, limit + 1)
    found = [instance_of(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return found, None
    return found, cursors.encode(LIST_NAME, found[-1].position, found[-1].task_id)


async def newest(transaction: Transaction, series_id: UUID) -> list[Instance]:
    """The newest instances of a series, the newest first, withdrawn ones too."""
    rows = await transaction.rows(NEWEST, series_id, MOST_TRACED)
    return [instance_of(row) for row in rows]


async def between(
    transaction: Transaction, series_id: UUID, start: datetime, end: datetime
) -> list[Instance]:
    """The instances that are due in a span of time."""
    rows = await transaction.rows(BETWEEN, series_id, start, end, MOST_IN_MONTH)
    return [instance_of(row) for row in rows]


async def standing(
    transaction: Transaction, wanted: Sequence[tuple[Series, Occurrence]]
) -> list[Instance]:
    """The tasks that may be those of some occurrences.

    That is by a key of theirs, or planned when they are: of what floats, on whatever wall that was
    noted, or by when it was due.
    """
    keys = [(series.id, key) for series, one in wanted for key in keys_of(one.date)]
    times = [(series.id, instant_in(series.zone, one.at)) for series, one in wanted]
    plans = [(series.id, due_text(one.at)) for series, one in wanted]
    given = [[one[place] for one in pairs] for pairs in (keys, times, plans) for place in (0, 1)]
    walls = [
        (series_id, at)
        for (series, _), (series_id, at) in zip(wanted, times, strict=True)
        if series.floating
    ]
    ids = [series_id for series_id, _ in walls]
    since, until = ([due_text(at + away) for _, at in walls] for away in (-FARTHEST, FARTHEST))
    rows = await transaction.rows(STANDING, *given, ids, since, until)
    return [instance_of(row) for row in rows]
