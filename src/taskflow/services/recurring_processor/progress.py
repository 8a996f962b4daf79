"""How far a series has come: what is due, what was missed, and what comes by itself. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple

from msgspec.structs import replace

from taskflow.base.clock import rfc3339
from taskflow.base.errors import Invalid
from taskflow.services.recurring_processor.model import (
    Chain,
    Instance,
    Missed,
    Series,
    SeriesStatus,
)
from taskflow.services.recurring_processor.moments import instant_in
from taskflow.services.recurring_processor.patterns import on_wall_of
from taskflow.tasks.recurrence import Occurrence, Schedule, occurrences, told
from taskflow.tasks.recurrence_periods import Work
from taskflow.tasks.recurrence_rules import parse_until

# So many tasks of one series are made after an outage, the newest ones; the rest was missed.
MOST_CAUGHT_UP: Final = 31
# So many tasks of one series wait at most that have appeared by themselves; then one has to close.
MOST_OPEN: Final = 200
# So many occurrences are counted at once.
MOST_COUNTED: Final = 5_000
# The newest are sought from now backwards, in ever longer spans.
_SPAN: Final = timedelta(hours=1)
_LONGER: Final = 4


class Overdue(NamedTuple):
    """What is to be made of a series that piles up.

    Attributes:
        occurrences: The newest that are due, rising.
        missed: How many lie before them.
    """

    occurrences: list[Occurrence]
    missed: Missed = Missed()

    def within(self, room: int) -> "Overdue":
        """The newest of it that a series has room for; what is left out was missed."""
        kept = self.occurrences[-room:] if room > 0 else []
        number = self.missed.number + len(self.occurrences) - len(kept)
        return Overdue(kept, self.missed._replace(number=number))


def planned_at(series: Series, instance: Instance) -> datetime:
    """When the series has an instance, wherever it was moved to, and its owner has."""
    planned_date = instance.planned_date
    if planned_date is not None:
        if series.floating:
            _, planned_date = on_wall_of(instance.plan, planned_date, series.timezone)
        return series.instant_of(planned_date or series.start_at)
    return instance.due_at or series.instant_of(series.start_at)


def overdue(chain: Chain, now: datetime) -> Overdue:
    """What is due of a series that piles up, after its last task and up to now.

    Raises:
        Invalid: it takes too long to find.
    """
    series, floor = chain.series, floor_of(chain)
    soon = list(islice(told(series.schedule, after=floor), 2))
    if len(soon) < 2 or instant_in(series.zone, soon[1].at) > now:  # noqa: PLR2004 - of the limit
        return Overdue([one for one in soon[:1] if instant_in(series.zone, one.at) <= now])
    newest = _newest(series.schedule, floor or series.instant_of(series.start_at), now)
    work = Work()
    missed = _counted(_told_to(series.schedule, floor, now, work), work)
    return Overdue(newest, missed._replace(number=max(missed.number - len(newest), 0)))


def passed_over(chain: Chain, occurrence: Occurrence) -> Missed:
    """How many occurrences have no task between the last task and this one; a pause has none."""
    series, last = chain.series, chain.last
    if last is None or series.schedule.recurrence.mode == "completion":
        return Missed()
    end, work = instant_in(series.zone, occurrence.at), Work()
    between = _told_to(series.schedule, planned_at(series, last), end, work)
    return _counted((one for one in between if one.at != occurrence.at), work, last.excused)


def over(chain: Chain) -> Chain:
    """The chain at the end of its rule: what of it lies after the last task has lapsed."""
    series, last = chain.series, chain.last
    if last is None or not follows_calendar(series):
        return chain
    work = Work()
    left = told(series.schedule, after=planned_at(series, last), work=work)
    lapsed = _counted(left, work, last.excused)
    return chain.replacing(
        replace(last, lapsed=lapsed.number, is_lapsed_at_least=lapsed.is_at_least)
    )


def going_on(chain: Chain) -> Chain:
    """The chain that has an open task, or for which one is sought: nothing has lapsed yet."""
    last = chain.last
    if last is None or not (last.lapsed or last.is_lapsed_at_least):
        return chain
    return chain.replacing(replace(last, lapsed=0, is_lapsed_at_least=False))


def settled(chain: Chain, now: datetime) -> Chain:
    """The chain with the series' status, current task and next moment brought up to date."""
    repeating = [one for one in chain.open if one.repeats]
    current = next(iter(repeating or chain.open), chain.last)
    series = chain.series
    next_at = next_alone(chain)
    status: SeriesStatus = "active" if repeating or next_at is not None else "ended"
    if series.stopped_at is not None:
        status = "ended"
    elif series.paused_at is not None and chain.last is not None and chain.last.repeats:
        status = "paused"
    after = replace(
        series,
        status=status,
        paused_at=series.paused_at if status == "paused" else None,
        next_at=next_at,
        current_task_id=current.task_id if current else series.current_task_id,
    )
    return Chain(after if after == series else replace(after, updated_at=now), chain.instances)


def waiting(chain: Chain, now: datetime) -> Series:
    """A series that has no room: it is looked at again with its next occurrence, if none closes."""
    series = chain.series
    following = next(told(series.schedule, after=max(now, floor_of(chain) or now)), None)
    return replace(series, next_at=instant_in(series.zone, following.at) if following else None)


def next_alone(chain: Chain) -> datetime | None:
    """When the next task appears whether or not the last is done; None where it waits for that."""
    series, last = chain.series, chain.last
    if not series.piles_up or series.is_held or last is None or not last.repeats:
        return None
    following = next(told(series.schedule, after=floor_of(chain)), None)
    return instant_in(series.zone, following.at) if following else None


def floor_of(chain: Chain) -> datetime | None:
    """What lies up to here has been had, or fell into a pause."""
    series, last = chain.series, chain.last
    reached = planned_at(series, last) if last else None
    if last is not None and last.position <= series.behind:
        reached = series.instant_of(series.start_at)
    floors = [series.resumed_at, reached]
    return max((one for one in floors if one is not None), default=None)


def may_be_remade(chain: Chain, instance: Instance, now: datetime) -> bool:
    """Whether nobody touched a task and one comes for it if it is taken back.

    Of what piles up none comes from before the end of a pause.
    """
    series = chain.series
    rested_to = now if series.is_held else series.resumed_at
    if not series.piles_up or rested_to is None:
        return instance.is_untouched
    return instance.is_untouched and planned_at(series, instance) > rested_to


def follows_calendar(series: Series) -> bool:
    """Whether occurrences come by the calendar, and not an interval after what was done."""
    return series.recurrence is not None and series.recurrence.mode == "schedule"


def number_between(schedule: Schedule, after: datetime | None, end: datetime) -> int:
    """How many lie between two instants, as far as they are counted; 0 where it takes too long."""
    try:
        return len(_between(schedule, after, end))
    except Invalid:
        return 0


def endless(schedule: Schedule) -> Schedule:
    """The same schedule, had it no COUNT."""
    return schedule._replace(recurrence=replace(schedule.recurrence, count=None))


def without_additions(schedule: Schedule) -> Schedule:
    """The same schedule without what is added beside the rule."""
    return schedule._replace(recurrence=replace(schedule.recurrence, rdates=()))


def _counted(found: Iterable[Occurrence], work: Work, excused: int = 0) -> Missed:
    """How many occurrences were found, but for so many that fell into a pause.

    It is as far as can be told: a figure that takes too long to find holds nothing up.
    """
    most = MOST_COUNTED + excused
    number = sum(1 for _ in islice(found, most + 1))
    return Missed(max(min(number, most) - excused, 0), number > most or work.is_too_much)


def _told_to(
    schedule: Schedule, after: datetime | None, end: datetime, work: Work
) -> Iterator[Occurrence]:
    """The same as `_between`, as far as `work` goes."""
    for one in told(ending(schedule, end), after=after, work=work):
        if instant_in(schedule.zone, one.at) <= end:
            yield one


def _newest(schedule: Schedule, floor: datetime, now: datetime) -> list[Occurrence]:
    """The newest of what lies after an instant and up to now, as many as are caught up."""
    since, found = now, list[Occurrence]()
    while len(found) < MOST_CAUGHT_UP and since > floor:
        since = max(now - max((now - since) * _LONGER, _SPAN), floor)
        found = _between(schedule, since, now)
    return found[-MOST_CAUGHT_UP:]


def _between(
    schedule: Schedule, after: datetime | None, end: datetime, limit: int = MOST_COUNTED
) -> list[Occurrence]:
    """What lies after an instant and up to another one; also of what is added beside the rule."""
    found = occurrences(ending(schedule, end), after=after, limit=limit)
    return [one for one in found if instant_in(schedule.zone, one.at) <= end]


def ending(schedule: Schedule, end: datetime) -> Schedule:
    """The same schedule, at its end by an instant."""
    recurrence = schedule.recurrence
    if recurrence.until is not None:
        own = instant_in(schedule.zone, parse_until(recurrence.until))
        if own <= end:
            return schedule
    return schedule._replace(recurrence=replace(recurrence, until=rfc3339(end)))
