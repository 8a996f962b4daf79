"""Locks what a batch of news is of in everybody's order, so that no two batches wait in a circle.

That is: the zones of the owners of what floats, then new series, then all series, each in the order
of their ids; tasks come after.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from taskflow.chassis.handlers import Delivery
from taskflow.db.transaction import Transaction
from taskflow.services.recurring_processor import series, storage
from taskflow.services.recurring_processor.model import Instance
from taskflow.tasks.floating import hold_zones

HOLD = "SELECT id FROM recurring.series WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"


async def hold(
    transaction: Transaction,
    fresh: Sequence[Delivery],
    known: Mapping[UUID, Instance],
    now: datetime,
) -> None:
    """Lock the series of some news, and begin those that nothing was heard of.

    Args:
        transaction: Where to lock.
        fresh: The news.
        known: What is known of their tasks.
        now: When what is new begins.
    """
    floating = {one.event.user_id for one in fresh if one.event.task.floating}
    if floating:
        await hold_zones(transaction, floating)
    new = {
        series_id: series.begin(one.event.task, series_id, now).series
        for one in fresh
        if (series_id := one.event.task.series_id) and one.event.task_id not in known
    }
    if new:
        await storage.begin(transaction, [new[series_id] for series_id in sorted(new)])
    ids = {one.event.task.series_id for one in fresh}
    ids |= {known[one.event.task_id].series_id for one in fresh if one.event.task_id in known}
    await transaction.rows(HOLD, [series_id for series_id in ids if series_id])
