"""Reads what is due next into a schedule, in pages.

Whoever reads thousands of rows at once delays everybody else in the process meanwhile.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from taskflow.db.transaction import Transaction
from taskflow.services.reminder.ports import Times

UPCOMING = """
SELECT id, fire_at FROM reminders.reminders
 WHERE status = 'pending' AND fire_at < $1 ORDER BY fire_at LIMIT $2
"""
PAGE_SIZE: Final = 500


async def upcoming(
    transaction: Transaction, before: datetime, limit: int, page: int = PAGE_SIZE
) -> AsyncIterator[Times]:
    """When what is pending before an instant is due, the earliest first, so many in all."""
    async for rows in transaction.pages(UPCOMING, before, limit, size=page):
        yield {row[0]: row[1] for row in rows}
