"""Tells of what changes a series and no field of its tasks: that it is paused or goes on.

It is told as a change of a task, so whoever follows tasks hears of it, and the audit trail has who
did it. That a series was stopped its tasks that go to the trash tell.
"""

from datetime import datetime
from operator import attrgetter
from typing import Final

from msgspec.structs import replace

from taskflow.base.clock import rfc3339
from taskflow.base.ids import new_id
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Change
from taskflow.services.recurring_processor import series
from taskflow.services.recurring_processor.model import Chain, Instance
from taskflow.services.recurring_processor.task_door import news_of
from taskflow.tasks import instance_commands
from taskflow.tasks.model import Actor

PAUSED_AT: Final = "series_paused_at"


async def told(
    transaction: Transaction, actor: Actor, before: Chain, after: Chain, now: datetime
) -> Chain:
    """A series one of whose tasks has told of a pause that has begun or ended.

    That is the first open one, or else the last that is not in the trash. It counts as touched no
    more than before.
    """
    old, new = _text(before.series.paused_at), _text(after.series.paused_at)
    known = _teller(before, after)
    if old == new or known is None or after.series.stopped_at is not None:
        return after
    task = await instance_commands.tell(
        transaction,
        replace(actor, touches=False),
        known.task_id,
        {PAUSED_AT: Change(old, new)},
        now,
    )
    step = series.sighting(after, news_of(actor, task, new_id(now)))
    if step is None:
        return after
    own_version = step.version if known.is_untouched else step.own_version
    return after.keeping(replace(step, own_version=own_version))


def _teller(before: Chain, after: Chain) -> Instance | None:
    """Of the tasks that there were before, as they are now, the one that tells."""
    latest = sorted(before.instances.values(), key=attrgetter("place"), reverse=True)
    standing = (after.instances[one.task_id] for one in (*before.open, *latest))
    return next((one for one in standing if not one.is_deleted), None)


def _text(paused_at: datetime | None) -> str | None:
    return None if paused_at is None else rfc3339(paused_at)
