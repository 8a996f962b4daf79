"""What falls into a pause never was: COUNT gets it back, and no task has missed it. Pure.

It is noted of the task that was the last one before the pause (`excused`), and goes along when
another one is the last: to the one before where that is taken back, and on where that comes back.
"""

from datetime import datetime
from itertools import islice

from msgspec.structs import replace

from taskflow.services.recurring_processor.model import Chain, Instance
from taskflow.services.recurring_processor.progress import (
    MOST_COUNTED,
    endless,
    floor_of,
    follows_calendar,
    number_between,
    planned_at,
    without_additions,
)
from taskflow.tasks.model import due_text
from taskflow.tasks.recurrence import Schedule, told


def resumed(chain: Chain, now: datetime) -> Chain:
    """The chain after a pause: what fell into it never was, and COUNT gets it back."""
    series, last = chain.series, chain.last
    excused = counting = 0
    if last is not None and series.paused_at is not None and follows_calendar(series):
        reached = (floor_of(chain) if series.piles_up else None) or planned_at(series, last)
        after = max(series.paused_at, reached)
        if number_between(endless(series.schedule), after, now) >= MOST_COUNTED:
            return _begun_anew(chain, after, now)
        excused = _fallen(series.schedule, after, now)
        # What was added beside the rule has used up none of COUNT.
        counting = _fallen(without_additions(series.schedule), after, now)
        chain = chain.replacing(replace(last, excused=last.excused + excused))
    return chain.with_series(paused_at=None, resumed_at=now, used=series.used - counting)


def taken_back(chain: Chain, instance: Instance) -> Chain:
    """The chain without a task: what fell into a pause after it did so after the one before."""
    chain = chain.keeping(instance.withdrawn())
    last = chain.last
    if last is None or not instance.excused or last.place > instance.place:
        return chain
    return chain.replacing(replace(last, excused=last.excused + instance.excused))


def come_back(chain: Chain, known: Instance) -> Chain:
    """The chain with a task that had been taken back, and is the last one again.

    What fell into a pause after the one before did so after this one, but for what lies up to it:
    its own occurrence is one of COUNT again.

    Args:
        chain: With the task as it is now.
        known: As it was known, taken back.
    """
    series, last = chain.series, chain.last
    if not known.is_withdrawn or last is None or last.task_id != known.task_id:
        return chain
    # None that was made later stands, which would have counted it.
    missed = {name: getattr(known, name) for name in ("missed", "is_missed_at_least")}
    last = replace(last, **missed)
    chain = chain.replacing(last)
    before = chain.before(last)
    if before is None or not before.excused or series.piles_up or series.resumed_at is None:
        return chain
    schedule, at = endless(series.schedule), planned_at(series, last)
    between = number_between(schedule, planned_at(series, before), at)
    stays = min(max(between - 1 - last.missed, 0), before.excused)
    given_back = before.excused - stays
    goes = min(given_back, number_between(schedule, at, series.resumed_at))
    chain = chain.replacing(replace(before, excused=stays))
    chain = chain.replacing(replace(last, excused=last.excused + goes))
    return chain.with_series(used=series.used + given_back - goes)


def _fallen(schedule: Schedule, after: datetime, end: datetime) -> int:
    """How many fell into a pause: a COUNT of which some was left does not come to its end in it."""
    return (
        number_between(endless(schedule), after, end) if number_between(schedule, after, end) else 0
    )


def _begun_anew(chain: Chain, after: datetime, now: datetime) -> Chain:
    """The chain after a pause of more than is counted: what is left of it starts after now."""
    series = chain.series
    schedule = without_additions(series.schedule)
    following = next(told(endless(schedule), after=now), None)
    if following:
        start_at = due_text(following.at) or series.start_at
        count = schedule.recurrence.count
        left = sum(1 for _ in islice(told(schedule, after=after), count)) if count else 0
        used = (series.recurrence.count or 0) - left if count and series.recurrence else series.used
        chain = chain.with_series(start_at=start_at, used=used, behind=0)
    return chain.with_series(paused_at=None, resumed_at=now)
