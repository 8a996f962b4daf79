"""Forgets reminders whose tasks were closed long ago, with their timelines; bounded at each step.

What belongs to a task that is open stays, however old it is: its owner may still ask about it.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from taskflow.db.transaction import Transaction

KEEP_DELIVERIES: Final = timedelta(days=90)
"""What became of a delivery can be looked up for so long after it was over."""
OLD = """
SELECT task_id FROM reminders.tasks
 WHERE closed_at < $1 ORDER BY closed_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""
OF_THEM = """
SELECT id FROM reminders.reminders WHERE task_id = ANY($1::uuid[]) ORDER BY id LIMIT $2 FOR UPDATE
"""
PRUNE_TIMELINE = """
DELETE FROM reminders.timeline WHERE (reminder_id, id) IN (
  SELECT reminder_id, id FROM reminders.timeline WHERE reminder_id = ANY($1::uuid[]) LIMIT $2)
"""
PRUNE_REMINDERS = "DELETE FROM reminders.reminders WHERE id = ANY($1::uuid[])"
PRUNE_TASKS = "DELETE FROM reminders.tasks WHERE task_id = ANY($1::uuid[])"


async def prune(transaction: Transaction, before: datetime, limit: int) -> int:
    """Forget some tasks that were closed before an instant, and their reminders.

    A task goes once nothing of it is left, so that a step that ends in between loses nothing.

    Args:
        transaction: Where to forget them.
        before: What was closed before.
        limit: The most rows of each table.

    Returns:
        How much was forgotten: the limit where more may be left.
    """
    tasks = [row[0] for row in await transaction.rows(OLD, before, limit)]
    rows: list[Any] = await transaction.rows(OF_THEM, tasks, limit)
    reminders = [row[0] for row in rows]
    if await transaction.execute(PRUNE_TIMELINE, reminders, limit) == limit:
        return limit
    await transaction.execute(PRUNE_REMINDERS, reminders)
    if len(reminders) == limit:
        return limit
    return await transaction.execute(PRUNE_TASKS, tasks)
