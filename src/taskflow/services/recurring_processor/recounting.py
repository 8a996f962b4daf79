"""COUNT of a series that piles up, moved or resumed by a person: as many are to come as before.

After a move the rule counts from another date, or is another one. Some of what it gives has had its
task already, and some lies before the end of a pause: neither uses up any of
COUNT. What was taken back in the same edit is to come again.
"""

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from taskflow.base.errors import Invalid
from taskflow.db.transaction import Transaction
from taskflow.services.recurring_processor import history_storage
from taskflow.services.recurring_processor.anchoring import counted, counting
from taskflow.services.recurring_processor.model import Chain, Series
from taskflow.services.recurring_processor.moments import instant_in
from taskflow.services.recurring_processor.patterns import plan_of
from taskflow.services.recurring_processor.progress import ending, floor_of
from taskflow.services.recurring_processor.taken import free
from taskflow.tasks.recurrence import Occurrence, Schedule, occurrences

# A longer way from the start is not counted.
_FARTHEST: Final = 100_000


async def recounted(
    transaction: Transaction, before: Chain, after: Chain, *, restarts: bool
) -> Chain:
    """The chain after a move or a pause, its COUNT such that as many are to come as before.

    Args:
        transaction: Where what has had its task is looked up.
        before: The series as it was.
        after: The series as it is, later tasks taken back.
        restarts: Whether another rule, mode or count begins anew; such a COUNT is left alone.
    """
    was, count = _count_of(before.series), _count_of(after.series)
    if was is None or count is None or not _goes_on(before.series, after.series, restarts=restarts):
        return after
    try:
        left = len(await _free(transaction, before, _limited(before.series, was)))
        left = max(left + _taken_back(before, after) + count - was, 0)
        end = await _end(transaction, after, left)
        gone = len(occurrences(ending(_endless(after.series), end), limit=_FARTHEST)) if end else 0
    except Invalid:
        return after  # A figure that takes too long to find keeps nobody from a move.
    return after.with_series(used=count - gone)


def _count_of(series: Series) -> int | None:
    return series.recurrence.count if series.recurrence and series.piles_up else None


def _goes_on(before: Series, after: Series, *, restarts: bool) -> bool:
    """Whether the series was moved or resumed, and COUNT goes along."""
    if restarts and counting(before.recurrence) != counting(after.recurrence):
        return False
    was = (before.start_at, before.resumed_at, plan_of(before))
    return was != (after.start_at, after.resumed_at, plan_of(after))


def _taken_back(before: Chain, after: Chain) -> int:
    """How many occurrences are free again: of tasks taken back, and what was missed before."""
    return sum(
        1 + one.missed
        for task_id, one in before.instances.items()
        if not one.is_withdrawn and after.instances[task_id].is_withdrawn
    )


async def _end(transaction: Transaction, chain: Chain, left: int) -> datetime | None:
    """When the last of so many that are to come is due; without any, how far the series is."""
    series, last = chain.series, chain.last
    most = left + (last.position if last else 0)  # No more can have had their task.
    left_of = (await _free(transaction, chain, _endless(series), most))[:left]
    return instant_in(series.zone, left_of[-1].at) if left_of else _floor(chain)


def _floor(chain: Chain) -> datetime | None:
    """No task is made for what lies up to here; what was due when a pause began was made then."""
    floors = [floor_of(chain), chain.series.paused_at]
    return max((one for one in floors if one is not None), default=None)


async def _free(
    transaction: Transaction, chain: Chain, schedule: Schedule, limit: int = _FARTHEST
) -> list[Occurrence]:
    """What a schedule gives after what the series has had, without what has its task already."""
    series = chain.series
    found = occurrences(schedule, after=_floor(chain), limit=limit)
    known = await history_storage.standing(transaction, [(series, one) for one in found])
    # What this transaction does to a task is not written yet.
    tasks = {one.task_id: one for one in known} | dict(chain.instances)
    return list(free(series, found, list(tasks.values())).values())


def _endless(series: Series) -> Schedule:
    """All that COUNT would count, had it no end."""
    schedule = counted(series.schedule)
    return schedule._replace(recurrence=replace(schedule.recurrence, count=None, until=None))


def _limited(series: Series, count: int) -> Schedule:
    """What COUNT counts, whether or not UNTIL ends it sooner."""
    schedule = _endless(series)
    left = max(count - series.used, 0)
    return schedule._replace(recurrence=replace(schedule.recurrence, count=left))
