"""A month of a series: what there was on each day, what is left out, what is to come. Pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from itertools import islice, takewhile
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from taskflow.base.errors import Invalid
from taskflow.services.recurring_processor.history import Status, status_of
from taskflow.services.recurring_processor.model import Chain, Instance, Series
from taskflow.services.recurring_processor.moments import instant_in, parse_when, shown_in
from taskflow.services.recurring_processor.patterns import plan_of
from taskflow.services.recurring_processor.progress import floor_of, planned_at
from taskflow.services.recurring_processor.taken import holders
from taskflow.tasks.recurrence import Occurrence, told
from taskflow.tasks.recurrence_periods import Work
from taskflow.tasks.zones import YEARS, instant, wall_time

# An hourly series has 25 on a long day.
MOST_IN_MONTH: Final = 31 * 25
PAUSED: Final = "the series is paused: no task appears until it is resumed"
_MOMENT: Final = timedelta(microseconds=1)
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


class Month(NamedTuple):
    """A month in a zone: its days, and the instants between which it lies."""

    days: list[date]
    start: datetime
    end: datetime


class Entry(NamedTuple):
    """An instance, an occurrence to come or an exception on a day, and what is not plain there."""

    day: date
    at: str
    status: Status | Literal["planned", "excluded"]
    instance: Instance | None
    reason: str | None


def month_of(text: str, zone: ZoneInfo) -> Month:
    """The month of a text such as `2026-03`.

    Raises:
        Invalid: it is none.
    """
    match = _MONTH.fullmatch(text)
    if not match or int(match[1]) not in YEARS or not 1 <= int(match[2]) <= 12:  # noqa: PLR2004
        raise Invalid.field("month", "must be a month such as 2026-03")
    first = date(int(match[1]), int(match[2]), 1)
    following = (first + timedelta(days=31)).replace(day=1)
    days = [first + timedelta(days=number) for number in range((following - first).days)]
    start, end = (instant(datetime.combine(day, time()), zone) for day in (first, following))
    return Month(days, start, end)


def entries(chain: Chain, month: Month, kept: Iterable[Instance], now: datetime) -> list[Entry]:
    """What stands in a month, rising.

    Args:
        chain: The series and its last instance.
        month: Which.
        kept: The instances that are due in it.
        now: What is to come lies after it.
    """
    series = chain.series
    standing = [one for one in kept if not one.is_withdrawn]
    ruled = _of_rule(series, month)
    found = [_of_instance(series, one, ruled) for one in standing]
    had = {planned_at(series, one) for one in standing}
    reached = reached_of(chain)
    goes_on = series.status != "ended"
    found += [
        _of_occurrence(series, one, "excluded", one.reason)
        for at, one in ruled.items()
        if one.is_excluded and at not in had and (goes_on or (reached and at <= reached))
    ]
    coming = to_come(chain, now, month.end, after=month.start)
    taken = holders(series, coming, standing)
    found += [
        _of_occurrence(series, one, "planned", reason_of(series, one, {}))
        for one in coming
        if instant_in(series.zone, one.at) >= month.start and one.date not in taken
    ]
    return sorted(found, key=lambda entry: (entry.day, entry.at))


def to_come(chain: Chain, now: datetime, end: datetime, *, after: datetime) -> list[Occurrence]:
    """Occurrences that have no task yet, up to an instant, as far as they can be told."""
    series = chain.series
    if series.status == "ended" or series.schedule.recurrence.mode == "completion":
        return []
    floor = max(now, after - _MOMENT, reached_of(chain) or now)
    if floor >= end:
        return []
    found = islice(told(series.schedule, after=floor), MOST_IN_MONTH)
    return list(takewhile(lambda one: instant_in(series.zone, one.at) < end, found))


def reached_of(chain: Chain) -> datetime | None:
    """How far the series is: no task is still to be made of what lies up to here."""
    if chain.series.piles_up:
        return floor_of(chain)
    return planned_at(chain.series, chain.last) if chain.last else None


def occurrence_of(
    series: Series, instance: Instance, work: Work | None = None
) -> Occurrence | None:
    """The occurrence whose task an instance is; None where the rule, as it is now, has none."""
    at = planned_at(series, instance)
    found = told(series.schedule, after=at - _MOMENT, work=work, with_exceptions=True)
    first = next(found, None)
    return first if first and instant_in(series.zone, first.at) == at else None


def reason_of(series: Series, occurrence: Occurrence, known: Mapping[str, Instance]) -> str | None:
    """What is not plain about an occurrence: of its task, of the series, or of the calendar."""
    instance = known.get(occurrence.date)
    own = None
    if instance is not None:
        own = exception_of(series, instance)
    elif series.paused_at is not None:
        own = PAUSED
    return _together(own, occurrence.reason)


def exception_of(series: Series, instance: Instance) -> str | None:
    """What somebody did to an instance that is not as the rule has it."""
    status = status_of(instance)
    if status == "deleted":
        return "exception: its task was deleted"
    if status == "skipped":
        return "skipped"
    if instance.planned_date and instance.due_date != instance.planned_date:
        planned = shown_in(series.zone, parse_when(instance.planned_date))
        due = instance.due_date and shown_in(series.zone, parse_when(instance.due_date))
        return f"moved from {planned} to {due or 'no date'}"
    return None


def _of_rule(series: Series, month: Month) -> dict[datetime, Occurrence]:
    """What the rule gives in a month by its instants, and what an exception leaves out of it."""
    if series.schedule.recurrence.mode == "completion":
        return {}
    ruled: dict[datetime, Occurrence] = {}
    for one in told(series.schedule, after=month.start - _MOMENT, with_exceptions=True):
        at = instant_in(series.zone, one.at)
        if at >= month.end:
            break
        ruled[at] = one
    return ruled


def _of_instance(series: Series, instance: Instance, ruled: Mapping[datetime, Occurrence]) -> Entry:
    due = parse_when(instance.due_date) if instance.due_date else instance.due_at
    at = due or series.start
    occurrence = ruled.get(planned_at(series, instance))
    if occurrence is None and instance.due_date != instance.planned_date:
        occurrence = occurrence_of(series, instance)
    reason = _together(
        exception_of(series, instance), _planned_reason(series, instance, occurrence)
    )
    return Entry(_day(series, at), shown_in(series.zone, at), status_of(instance), instance, reason)


def _planned_reason(
    series: Series, instance: Instance, occurrence: Occurrence | None
) -> str | None:
    """What was not plain when a task was planned; the rule as it is now tells of its own alone."""
    if occurrence is not None and occurrence.is_excluded:
        return occurrence.reason
    if instance.reason is not None:
        return instance.reason
    is_own = instance.plan in ("", plan_of(series))
    return occurrence.reason if occurrence and is_own else None


def _of_occurrence(
    series: Series,
    occurrence: Occurrence,
    status: Literal["planned", "excluded"],
    reason: str | None,
) -> Entry:
    at = occurrence.at
    return Entry(_day(series, at), shown_in(series.zone, at), status, None, reason)


def _day(series: Series, at: datetime | date) -> date:
    return wall_time(at, series.zone).date() if isinstance(at, datetime) else at


def _together(*reasons: str | None) -> str | None:
    return "; ".join(filter(None, reasons)) or None
