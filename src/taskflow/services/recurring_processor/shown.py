"""What the doors to series answer with."""

import asyncio
from datetime import date, datetime
from itertools import islice
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Recurrence
from taskflow.services.recurring_processor import history_storage
from taskflow.services.recurring_processor.calendar import (
    Entry,
    occurrence_of,
    reached_of,
    reason_of,
)
from taskflow.services.recurring_processor.history import (
    Statistics,
    Status,
    Timing,
    lapsed_after,
    missed_before,
    statistics,
    status_of,
    timing_of,
    trace_of,
)
from taskflow.services.recurring_processor.model import (
    Chain,
    Instance,
    Missed,
    Series,
    SeriesStatus,
)
from taskflow.services.recurring_processor.moments import instant_in, shown_in
from taskflow.services.recurring_processor.progress import planned_at
from taskflow.services.recurring_processor.taken import holders
from taskflow.tasks.phrases.sentences import sentence
from taskflow.tasks.recurrence import Occurrence, told
from taskflow.tasks.recurrence_periods import MOST_WORK, Work

NEXT: Final = 3
# More than are shown: some may have had their task already.
_LOOKED_AT: Final = 2 * NEXT
NEWEST: Final = 200
# What a page of series may cost to follow, as `recurrence_periods` counts it: about a second.
MOST_WORK_OF_PAGE: Final = 10 * MOST_WORK
Coming = dict[UUID, list[Occurrence]]


class Shown(Struct, omit_defaults=True):
    """One occurrence, with the zone's offset or as a date, and what is not plain about it.

    Attributes:
        is_excluded: Whether an exception leaves it out; only a preview shows those.
    """

    at: str
    reason: str | None = None
    is_excluded: bool = False


class InstanceState(Struct):
    """What has become of one instance.

    Attributes:
        due_date: As in the task's JSON; `planned_date` is where the series has it.
        timing: Whether it was done in time.
        missed_before: How many occurrences before it have had no task.
        is_missed_at_least: Whether there may have been more of them than were counted.
    """

    task_id: UUID
    title: str
    occurrence_date: str | None
    status: Status
    completed_at: datetime | None
    due_date: str | None
    planned_date: str | None
    timing: Timing | None
    missed_before: int
    is_missed_at_least: bool = False


class HistoryItem(Struct):
    """An instance, or with `missed` so many occurrences in a row that have had no task.

    Attributes:
        is_at_least: Whether there may have been more of them than were counted.
        reason: What was not plain about its day or time when it was planned.
    """

    status: Literal["open", "done", "skipped", "deleted", "missed"]
    count: int
    task_id: UUID | None
    title: str | None
    occurrence_date: str | None
    due_date: str | None
    planned_date: str | None
    completed_at: datetime | None
    timing: Timing | None
    is_at_least: bool = False
    reason: str | None = None


class HistoryPage(Struct):
    """Some of a series' history, newest first, and the cursor of what lies before."""

    items: list[HistoryItem]
    next_cursor: str | None


class SeriesState(Struct):
    """A series: its rule, in words too, and what comes next."""

    id: str
    recurrence: Recurrence
    text: str
    timezone: str
    all_day: bool
    status: SeriesStatus
    title: str
    version: int
    paused_at: datetime | None
    next: list[Shown]


class SeriesWithInstances(Struct):
    """A series, its newest 200 instances, the newest first, and how well it was kept."""

    series: SeriesState
    instances: list[InstanceState]
    statistics: Statistics


class SeriesPage(Struct):
    """Some series, and the cursor of the next ones."""

    items: list[SeriesState]
    next_cursor: str | None


class CalendarEntry(Struct, omit_defaults=True):
    """An instance on a day, an occurrence to come (`planned`), or one left out (`excluded`)."""

    at: str
    status: Status | Literal["planned", "excluded"]
    task_id: UUID | None = None
    title: str | None = None
    reason: str | None = None


class CalendarDay(Struct):
    """A day of a month, in the series' zone."""

    date: date
    entries: list[CalendarEntry]


class Calendar(Struct):
    """Every day of a month."""

    month: str
    timezone: str
    days: list[CalendarDay]


async def coming_of_all(found: list[Chain], now: datetime) -> Coming:
    """What comes next of some series; of the last ones nothing, where the first take too long."""
    # In a thread: to count a long series up to now may take a while.
    return await asyncio.to_thread(all_coming, found, now)


async def states(
    transaction: Transaction, found: list[Series], coming: Coming
) -> list[SeriesState]:
    """Series as they are answered, each with what comes next and why that is not plain."""
    wanted = [(series, one) for series in found for one in coming[series.id]]
    known = await history_storage.standing(transaction, wanted) if wanted else []
    return [
        _state(series, coming[series.id], holders(series, coming[series.id], known))
        for series in found
    ]


async def whole(transaction: Transaction, series: Series, coming: Coming) -> SeriesWithInstances:
    """A series with its instances and figures."""
    state = (await states(transaction, [series], coming))[0]
    newest = await history_storage.newest(transaction, series.id)
    traces = [trace_of(one, series.zone) for one in reversed(newest)]
    instances = [shown_instance(series, one) for one in newest[:NEWEST]]
    return SeriesWithInstances(state, instances, statistics(traces))


def shown_instance(series: Series, instance: Instance) -> InstanceState:
    """An instance as it is answered."""
    return InstanceState(
        instance.task_id,
        instance.title,
        instance.occurrence_date or None,
        status_of(instance),
        instance.completed_at,
        instance.due_date,
        instance.planned_date,
        timing_of(instance, series.zone),
        instance.missed,
        instance.is_missed_at_least,
    )


def history_items(series: Series, found: list[Instance]) -> list[HistoryItem]:
    """Instances as entries of a history, each with what was missed before it."""
    items = []
    for one in found:
        status = status_of(one)
        if status == "withdrawn":
            continue
        if any(lapsed := lapsed_after(one)):
            items.append(_missed(lapsed))
        items.append(
            HistoryItem(
                status=status,
                count=1,
                task_id=one.task_id,
                title=one.title,
                occurrence_date=one.occurrence_date or None,
                due_date=one.due_date,
                planned_date=one.planned_date,
                completed_at=one.completed_at,
                timing=timing_of(one, series.zone),
                reason=one.reason or None,
            )
        )
        if any(missed := missed_before(one)):
            items.append(_missed(missed))
    return items


def shown_entry(entry: Entry) -> CalendarEntry:
    """An entry of a calendar as it is answered."""
    instance = entry.instance
    return CalendarEntry(
        entry.at,
        entry.status,
        instance.task_id if instance else None,
        instance.title if instance else None,
        entry.reason,
    )


def _missed(missed: Missed) -> HistoryItem:
    number, is_at_least = missed
    return HistoryItem("missed", number, None, None, None, None, None, None, None, is_at_least)


def all_coming(found: list[Chain], now: datetime) -> Coming:
    """What comes next of some series, as long as it costs no more than a page may."""
    coming: Coming = {}
    done = 0
    for chain in found:
        work = Work()
        coming[chain.series.id] = coming_of(chain, now, work) if done < MOST_WORK_OF_PAGE else []
        done += work.done
    return coming


def coming_of(chain: Chain, now: datetime, work: Work | None = None) -> list[Occurrence]:
    """What comes next of a series, as far as it can be told: of open tasks, and after the last."""
    series = chain.series
    if series.status == "ended" or series.schedule.recurrence.mode == "completion":
        return []
    ahead = [one for one in chain.open if planned_at(series, one) > now]
    waiting = filter(None, (occurrence_of(series, one, work) for one in ahead))
    floor = max(now, reached_of(chain) or now)
    following = islice(told(series.schedule, after=floor, work=work), _LOOKED_AT)
    found = {instant_in(series.zone, one.at): one for one in (*waiting, *following)}
    return [found[at] for at in sorted(found)][:_LOOKED_AT]


def _state(series: Series, coming: list[Occurrence], known: dict[str, Instance]) -> SeriesState:
    recurrence = series.recurrence or series.schedule.recurrence
    return SeriesState(
        id=str(series.id),
        recurrence=recurrence,
        text=sentence(recurrence),
        timezone=series.timezone,
        all_day=series.all_day,
        status=series.status,
        title=series.template.title,
        version=series.version,
        paused_at=series.paused_at,
        next=[
            Shown(shown_in(series.zone, one.at), reason_of(series, one, known))
            for one in coming
            if one.date not in known or known[one.date].is_open
        ][:NEXT],
    )
