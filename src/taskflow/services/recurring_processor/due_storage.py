"""Finds and claims the series of which a task is due to appear by itself."""

from datetime import datetime

from taskflow.db.transaction import Transaction
from taskflow.services.recurring_processor.model import Chain
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
NEXT_AT = "SELECT min(next_at) FROM recurring.series WHERE next_at IS NOT NULL"


async def claim(transaction: Transaction, now: datetime, limit: int) -> list[Chain]:
    """Series of which a task is due, each with an open task and its last, and locked."""
    found = [series_of(row) for row in await transaction.rows(CLAIM, now, limit)]
    rows = await transaction.rows(ENDS, [series.id for series in found]) if found else []
    return chains_of(found, rows)


async def next_at(transaction: Transaction) -> datetime | None:
    """When the first of all tasks that appear by themselves is due."""
    following: datetime | None = await transaction.value(NEXT_AT)
    return following
