"""Tells of what changes a series and no field of its tasks: that it is paused or goes on.

It is told as a change of an open task, so whoever follows tasks hears of it, and the audit trail
has who did it. Where no task was open, a next one that appears tells by itself.
"""

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from taskflow.base.clock import rfc3339
from taskflow.base.ids import new_id
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Change
from taskflow.services.recurring_processor import series
from taskflow.services.recurring_processor.model import Chain
from taskflow.services.recurring_processor.task_door import news_of
from taskflow.tasks import instance_commands
from taskflow.tasks.model import Actor

PAUSED_AT: Final = "series_paused_at"


async def told(
    transaction: Transaction, actor: Actor, before: Chain, after: Chain, now: datetime
) -> Chain:
    """A series whose first open task has told of a pause that has begun or ended.

    The task counts as touched no more than before.
    """
    old, new = _text(before.series.paused_at), _text(after.series.paused_at)
    still_open = {one.task_id for one in after.open}
    first = next((one for one in before.open if one.task_id in still_open), None)
    if old == new or first is None:
        return after
    task = await instance_commands.tell(
        transaction,
        replace(actor, touches=False),
        first.task_id,
        {PAUSED_AT: Change(old, new)},
        now,
    )
    known = after.instances[first.task_id]
    step = series.sighting(after, news_of(actor, task, new_id(now)))
    if step is None:
        return after
    own_version = step.version if known.is_untouched else step.own_version
    return after.keeping(replace(step, own_version=own_version))


def _text(paused_at: datetime | None) -> str | None:
    return None if paused_at is None else rfc3339(paused_at)
