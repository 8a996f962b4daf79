"""When a recurring task is due: RFC 5545's expansion in local wall time, under our month-end rule.

A recurrence set is what the rule gives and RDATE adds, without what EXDATE leaves out. COUNT and
UNTIL end the rule; COUNT counts what is left out too. Pure: the present instant is an argument.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from datetime import date as Day  # noqa: N812 - an occurrence has a field of that name
from heapq import heappop, heappush, merge
from itertools import islice
from typing import Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Recurrence
from taskflow.tasks.recurrence_dates import additions, exceptions
from taskflow.tasks.recurrence_days import matching_days
from taskflow.tasks.recurrence_periods import Walk, Work
from taskflow.tasks.recurrence_rules import (
    Rule,
    first_time,
    is_within,
    parse_recurrence,
    parse_rule,
    whole_days,
    with_defaults,
)
from taskflow.tasks.zones import instant, oddity, parse_zone, wall_time

__all__ = ["Occurrence", "Schedule", "occurrence_key", "occurrences", "parse_recurrence", "told"]

# Within these every zone has a wall time, and all that recurs lies between them.
_EARLIEST: Final = datetime(1800, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9500, 1, 1, tzinfo=UTC)
EXCLUDED: Final = "left out: an exception"
ADDED: Final = "added beside the rule"
# Further apart than wall time and UTC ever are, a skipped day included.
_APART: Final = timedelta(days=3)


class Occurrence(NamedTuple):
    """One time at which a series is due, or would be.

    Attributes:
        date: Its key within the series: the local day, or the local minute where a day has several.
        at: The instant in UTC, or the day of an all-day series.
        reason: What is not plain about it, in a sentence.
        is_excluded: Whether EXDATE leaves it out; only asked for with `with_exceptions`.
        wall: What the wall says of it by the rule; `at` is later where the zone leaves that out.
    """

    date: str
    at: datetime | Day
    reason: str | None = None
    is_excluded: bool = False
    wall: datetime | None = None


class _Candidate(NamedTuple):
    """A moment that the rule or RDATE gives."""

    at: datetime
    local: datetime
    is_added: bool


class Schedule(NamedTuple):
    """A recurrence and what it counts from.

    Attributes:
        recurrence: The rule and its end.
        start: Local wall time; midnight for an all-day series.
        zone: Whose wall.
        all_day: Whether occurrences are days.
    """

    recurrence: Recurrence
    start: datetime
    zone: ZoneInfo
    all_day: bool


class Recurring(Protocol):
    """What a schedule is made of: a task, or what stands for one."""

    @property
    def recurrence(self) -> Recurrence | None: ...
    @property
    def timezone(self) -> str: ...
    @property
    def all_day(self) -> bool: ...


def schedule_of(recurring: Recurring, start: datetime | Day) -> Schedule:
    """The schedule of a recurring task that starts at an instant or wall time, or on a day."""
    if recurring.recurrence is None:
        raise Invalid.field("recurrence", "is missing")
    zone = parse_zone(recurring.timezone)
    local, all_day = local_time(start, zone), recurring.all_day
    local = datetime.combine(local.date(), time()) if all_day else local
    return Schedule(recurring.recurrence, local, zone, all_day)


def occurrence_key(at: datetime | Day, recurring: Recurring) -> str:
    """The key that an occurrence at this time has."""
    return _key(schedule_of(recurring, at), local_time(at, parse_zone(recurring.timezone)))


def occurrences(
    schedule: Schedule,
    *,
    after: datetime | None = None,
    limit: int = 1,
    work: Work | None = None,
    with_exceptions: bool = False,
) -> list[Occurrence]:
    """The next occurrences, rising, the first of them later than `after` (an instant).

    Args:
        schedule: What recurs.
        after: None begins at the schedule's start.
        limit: How many at most, the exceptions among them.
        work: Counts what it costs, beside what was counted already.
        with_exceptions: Gives what EXDATE leaves out as well, marked by `is_excluded`.

    Raises:
        Invalid: finding them would take too long.
    """
    found = _found(schedule, after, work or Work(), with_exceptions=with_exceptions)
    return list(islice(found, limit))


def told(
    schedule: Schedule,
    *,
    after: datetime | None = None,
    work: Work | None = None,
    with_exceptions: bool = False,
) -> Iterator[Occurrence]:
    """The occurrences after an instant, as far as `work` goes: what takes too long ends there."""
    with suppress(Invalid):
        yield from _found(schedule, after, work or Work(), with_exceptions=with_exceptions)


def _found(
    schedule: Schedule, after: datetime | None, work: Work, *, with_exceptions: bool = False
) -> Iterator[Occurrence]:
    """The occurrences after an instant, rising.

    Raises:
        Invalid: finding the next one would take too long.
    """
    if after is not None:
        after = min(max(after, _EARLIEST), _LATEST)
    left_out = exceptions(schedule.recurrence.exdates, schedule.zone)
    for one in _candidates(schedule, after, work):
        is_excluded = one.at in left_out.instants or one.local.date() in left_out.days
        if is_excluded <= with_exceptions:
            yield _excluded(schedule, one) if is_excluded else _occurrence(schedule, one)


def require_occurrence(schedule: Schedule) -> None:
    """Refuse a recurrence that never occurs, and one whose COUNT takes too long to reach.

    Raises:
        Invalid: it is such a one.
    """
    recurrence = schedule.recurrence
    if recurrence.until is not None and not is_within(
        schedule.recurrence, schedule.zone, schedule.start
    ):
        raise Invalid.field("recurrence.until", "lies before the start")
    if not occurrences(schedule):
        if recurrence.exdates and occurrences(schedule, with_exceptions=True):
            raise Invalid.field("recurrence.exdates", "leave no occurrence")
        raise Invalid.field("recurrence.rule", "never occurs from its start on", 0)
    if recurrence.count is not None and recurrence.mode == "schedule":
        occurrences(schedule, after=_LATEST)


def _candidates(schedule: Schedule, after: datetime | None, work: Work) -> Iterator[_Candidate]:
    """What the rule and RDATE give after an instant, rising, each instant once."""
    start = schedule.start.replace(microsecond=0)
    begin = instant(start, schedule.zone)
    first = first_time(rule_of(schedule), start)
    added = additions(schedule.recurrence.rdates, schedule.zone, first)
    beside = (_Candidate(at, local, is_added=True) for at, local in added if at >= begin)
    last: datetime | None = None
    for one in merge(
        _in_order(_ruled(schedule, start, after, work), schedule.zone),
        beside,
        key=lambda one: one.at,
    ):
        # A wall time that was moved over a gap may fall onto the next one.
        if one.at != last and (after is None or one.at > after):
            yield one
        last = one.at


def _ruled(
    schedule: Schedule, start: datetime, after: datetime | None, work: Work
) -> Iterator[_Candidate]:
    """What the rule gives, until it ends; without most of what lies before `after`."""
    recurrence, zone = schedule.recurrence, schedule.zone
    rule = with_defaults(rule_of(schedule), start)
    days = matching_days(rule, clamps=recurrence.month_end == "clamp")
    walk = Walk(rule, days, start, zone, work)
    floor = None if after is None else wall_time(after, zone) - _APART
    for local in walk.after(after, recurrence.count):
        if floor is not None and local < floor:
            continue
        if not is_within(schedule.recurrence, schedule.zone, local):
            return
        yield _Candidate(instant(local, zone), local, is_added=False)


def _in_order(found: Iterable[_Candidate], zone: ZoneInfo) -> Iterator[_Candidate]:
    """Wall times in the order of their instants: those that were moved over a gap may be late."""
    moved: list[_Candidate] = []
    for one in found:
        if wall_time(one.at, zone) != one.local:
            heappush(moved, one)
            continue
        while moved and moved[0].at <= one.at:
            yield heappop(moved)
        yield one
    yield from sorted(moved)


def _occurrence(schedule: Schedule, one: _Candidate) -> Occurrence:
    reason = ADDED if one.is_added else _reason(schedule, one.local)
    at = wall_time(one.at, schedule.zone).date() if schedule.all_day else one.at
    return Occurrence(_key(schedule, one.local), at, reason, wall=one.local)


def _excluded(schedule: Schedule, one: _Candidate) -> Occurrence:
    return _occurrence(schedule, one)._replace(reason=EXCLUDED, is_excluded=True)


def _reason(schedule: Schedule, local: datetime) -> str | None:
    """What is not plain about a wall time of the rule."""
    recurrence = schedule.recurrence
    if recurrence.month_end == "clamp":
        rule = with_defaults(rule_of(schedule), schedule.start.replace(microsecond=0))
        clamped = matching_days(rule, clamps=True).reason(local.date())
        if clamped is not None:
            return clamped
    if schedule.all_day:
        if wall_time(instant(local, schedule.zone), schedule.zone).date() == local.date():
            return None
        return f"there is no {local:%Y-%m-%d} in this zone; the next day is meant"
    return None if recurrence.rule.startswith("FREQ=HOURLY") else oddity(local, schedule.zone)


def rule_of(schedule: Schedule) -> Rule:
    """The parts of the rule; those within the day are nothing to whole days."""
    rule = parse_rule(schedule.recurrence.rule)
    return whole_days(rule) if schedule.all_day else rule


def _key(schedule: Schedule, local: datetime) -> str:
    rule = with_defaults(rule_of(schedule), schedule.start.replace(microsecond=0))
    if rule.frequency == "HOURLY":
        return f"{instant(local, schedule.zone):%Y-%m-%dT%H:%MZ}"
    is_odd = local.time() != time(rule.hours[0], rule.minutes[0], rule.seconds[0])
    if len(rule.hours) > 1 or (schedule.recurrence.rdates and is_odd):
        return f"{local:%Y-%m-%dT%H:%M}"
    return local.date().isoformat()


def local_time(at: datetime | Day, zone: ZoneInfo) -> datetime:
    """What the wall shows at an instant, or where a day begins."""
    if isinstance(at, datetime):
        return wall_time(at.astimezone(UTC), zone) if at.tzinfo else at
    return datetime.combine(at, time())
