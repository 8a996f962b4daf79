"""Reads what is due next into a schedule, in pages.

Whoever reads thousands of rows at once delays everybody else in the process meanwhile.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final
from uuid import UUID

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
    found: dict[UUID, datetime] = {}
    async for row in transaction.stream(UPCOMING, before, limit, prefetch=page):
        found[row[0]] = row[1]
        if len(found) == page:
            yield found
            found = {}
    if found:
        yield found
