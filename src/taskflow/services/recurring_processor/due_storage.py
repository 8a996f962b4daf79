"""Finds and claims the series of which a task is due to appear by itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from taskflow.db.transaction import Transaction
from taskflow.services.recurring_processor.model import Chain, Series
from taskflow.services.recurring_processor.storage import INSTANCE, SERIES, chains_of, series_of

# What another replica has claimed is left to it.
CLAIM = f"""
SELECT {SERIES} FROM recurring.series
 WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - made of constants
ENDS = f"""
SELECT {INSTANCE} FROM unnest($1::uuid[]) AS wanted (id) CROSS JOIN LATERAL (
  (SELECT {INSTANCE} FROM recurring.instances
    WHERE series_id = wanted.id AND status = 'pending' AND NOT is_deleted LIMIT 1)
  UNION
  (SELECT {INSTANCE} FROM recurring.instances
    WHERE series_id = wanted.id AND NOT is_withdrawn
    ORDER BY position DESC, task_id DESC LIMIT 1)
) AS ends
"""  # noqa: S608 - made of constants
OPEN = """
SELECT wanted.id, (SELECT count(*) FROM (
         SELECT FROM recurring.instances
          WHERE series_id = wanted.id AND status = 'pending' AND NOT is_deleted LIMIT $2
       ) AS open) AS number
  FROM unnest($1::uuid[]) AS wanted (id)
"""
FLOATING = """
SELECT id, user_id, timezone FROM recurring.series
 WHERE floating AND next_at IS NOT NULL AND id > $1 ORDER BY id LIMIT $2
"""
ADVANCE = """
UPDATE recurring.series SET next_at = $2
 WHERE id IN (
  SELECT id FROM recurring.series
   WHERE id = ANY($1::uuid[]) AND next_at > $2 ORDER BY id FOR UPDATE SKIP LOCKED
 )
"""
NEXT_AT = "SELECT min(next_at) FROM recurring.series WHERE next_at IS NOT NULL"


class Floating(NamedTuple):
    """A series whose time is on its owner's wall, and where that was."""

    id: UUID
    user_id: UUID
    timezone: str


async def claim(transaction: Transaction, now: datetime, limit: int) -> list[Chain]:
    """Series of which a task is due, each with an open task and its last, and locked."""
    found = [series_of(row) for row in await transaction.rows(CLAIM, now, limit)]
    return await with_ends(transaction, found)


async def with_ends(transaction: Transaction, found: Sequence[Series]) -> list[Chain]:
    """Series, each with an open task and its last."""
    rows = await transaction.rows(ENDS, [series.id for series in found]) if found else []
    return chains_of(found, rows)


async def next_at(transaction: Transaction) -> datetime | None:
    """When the first of all tasks that appear by themselves is due."""
    following: datetime | None = await transaction.value(NEXT_AT)
    return following


async def floating(transaction: Transaction, after: UUID, limit: int) -> list[Floating]:
    """Some of the series that float and pile up, in the order of their ids."""
    return [Floating(*row) for row in await transaction.rows(FLOATING, after, limit)]


async def advance(transaction: Transaction, series_ids: Sequence[UUID], now: datetime) -> None:
    """Have series looked at now that wait for later, but for those that somebody has in hand."""
    await transaction.execute(ADVANCE, series_ids, now)


async def open_of(
    transaction: Transaction, series_ids: Sequence[UUID], limit: int
) -> dict[UUID, int]:
    """How many tasks of some series are open; no more than so many are counted."""
    if not series_ids:
        return {}
    rows = await transaction.rows(OPEN, series_ids, limit)
    return {row["id"]: row["number"] for row in rows}
