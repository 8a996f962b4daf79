"""A month of a series: what there was on each day, and what is to come. Pure."""

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
from taskflow.services.recurring_processor.progress import planned_at
from taskflow.tasks.recurrence import Occurrence, told
from taskflow.tasks.zones import YEARS, instant, wall_time

# An hourly series has 25 on a long day.
MOST_IN_MONTH: Final = 31 * 25
PAUSED: Final = "the series is paused: no task appears until it is resumed"
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


class Month(NamedTuple):
    """A month in a zone: its days, and the instants between which it lies."""

    days: list[date]
    start: datetime
    end: datetime


class Entry(NamedTuple):
    """An instance or an occurrence to come on a day, and what is not plain about it."""

    day: date
    at: str
    status: Status | Literal["planned"]
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
    found = [_of_instance(series, one) for one in kept if not one.is_withdrawn]
    found += [
        Entry(_day(series, one), shown_in(series.zone, one.at), "planned", None, reason)
        for one in to_come(chain, now, month.end, after=month.start)
        if instant_in(series.zone, one.at) >= month.start
        for reason in [PAUSED if series.paused_at else one.reason]
    ]
    return sorted(found, key=lambda entry: (entry.day, entry.at))


def to_come(chain: Chain, now: datetime, end: datetime, *, after: datetime) -> list[Occurrence]:
    """Occurrences that have no task yet, up to an instant, as far as they can be told."""
    series, last = chain.series, chain.last
    if series.status == "ended" or series.schedule.recurrence.mode == "completion":
        return []
    floor = max(now, after - timedelta(microseconds=1))
    if last is not None:
        floor = max(floor, planned_at(series, last))
    if floor >= end:
        return []
    found = islice(told(series.schedule, after=floor), MOST_IN_MONTH)
    return list(takewhile(lambda one: instant_in(series.zone, one.at) < end, found))


def reason_of(series: Series, occurrence: Occurrence, known: Mapping[str, Instance]) -> str | None:
    """What is not plain about an occurrence: of its task, of the series, or of the calendar."""
    instance = known.get(occurrence.date)
    own = None
    if instance is not None:
        own = exception_of(series, instance)
    elif series.paused_at is not None:
        own = PAUSED
    return "; ".join(filter(None, [own, occurrence.reason])) or None


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


def _of_instance(series: Series, instance: Instance) -> Entry:
    due = parse_when(instance.due_date) if instance.due_date else instance.due_at
    at = due or series.start
    day = wall_time(at, series.zone).date() if isinstance(at, datetime) else at
    reason = exception_of(series, instance)
    return Entry(day, shown_in(series.zone, at), status_of(instance), instance, reason)


def _day(series: Series, occurrence: Occurrence) -> date:
    at = occurrence.at
    return wall_time(at, series.zone).date() if isinstance(at, datetime) else at
