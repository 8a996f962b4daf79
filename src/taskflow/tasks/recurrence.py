"""When a recurring task is due: RFC 5545's expansion in local wall time, under our month-end rule.

Pure: the present instant is an argument.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from datetime import date as Day  # noqa: N812 - an occurrence has a field of that name
from itertools import islice
from typing import Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Recurrence
from taskflow.tasks.recurrence_days import matching_days
from taskflow.tasks.recurrence_periods import one_interval_after, period, period_before
from taskflow.tasks.recurrence_rules import Rule, parse_recurrence, parse_rule, parse_until
from taskflow.tasks.zones import instant, oddity, parse_zone, wall_time

__all__ = ["Occurrence", "Schedule", "occurrence_key", "occurrences", "parse_recurrence"]

# How many empty periods in a row mean that nothing will ever come: some forty years.
_EMPTY: Final = {"YEARLY": 48, "MONTHLY": 520, "WEEKLY": 2_200, "DAILY": 15_000, "HOURLY": 15_000}
_LAST_YEAR: Final = 9_000
# Within these every zone has a wall time, and all that recurs lies between them.
_EARLIEST: Final = datetime(1800, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9500, 1, 1, tzinfo=UTC)
# What one expansion may cost, a few tenths of a second: in days looked at, and what is worth them.
MOST_WORK: Final = 500_000
TOO_LONG: Final = (
    "takes too long to follow so far: ask for fewer occurrences, or write a rule that occurs more "
    "often or ends sooner"
)
_PERIOD_WORK: Final = 10
# A day whose place in the year counts costs more.
_YEARLY_DAY_WORK: Final = 4
_MOMENT_WORK: Final = 2
_OCCURRENCE_WORK: Final = 30


class Occurrence(NamedTuple):
    """One time at which a series is due.

    Attributes:
        date: Its key within the series: the local day, or the local minute where a day has several.
        at: The instant in UTC, or the day of an all-day series.
        reason: What is not plain about it, in a sentence.
    """

    date: str
    at: datetime | Day
    reason: str | None = None


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
    """The schedule of a recurring task that starts at an instant, or on a day."""
    if recurring.recurrence is None:
        raise Invalid.field("recurrence", "is missing")
    zone = parse_zone(recurring.timezone)
    return Schedule(recurring.recurrence, _local(start, zone), zone, recurring.all_day)


def occurrence_key(at: datetime | Day, recurring: Recurring) -> str:
    """The key that an occurrence at this time has."""
    return _key(schedule_of(recurring, at), _local(at, parse_zone(recurring.timezone)))


def occurrences(
    schedule: Schedule, *, after: datetime | None = None, limit: int = 1
) -> list[Occurrence]:
    """The next occurrences, rising, the first of them later than `after` (an instant).

    Raises:
        Invalid: finding them would take too long.
    """
    if after is not None:
        after = min(max(after, _EARLIEST), _LATEST)
    found = (
        one
        for local, one in _expand(schedule, after)
        if after is None or _instant(schedule, local) > after
    )
    return list(islice(found, limit))


def next_in_schedule(
    schedule: Schedule, present: datetime | Day, now: datetime
) -> Occurrence | None:
    """The first occurrence after the present one and after now; None when the series is over."""
    latest = max(_instant(schedule, _local(present, schedule.zone)), now)
    found = occurrences(schedule, after=latest)
    return found[0] if found else None


def next_after_completion(
    schedule: Schedule, completed_at: datetime, made: int
) -> Occurrence | None:
    """One interval after completion, at the schedule's time of day, even if that is past.

    Where the rule names days, months or hours (`BYDAY=MO`), the first such from there on.

    Args:
        schedule: The rule; its start gives the time of day.
        completed_at: When the last instance was done.
        made: How many instances there have been.
    """
    recurrence = schedule.recurrence
    if recurrence.count is not None and made >= recurrence.count:
        return None
    rule = parse_rule(recurrence.rule)
    done = wall_time(completed_at, schedule.zone)
    if rule.frequency == "HOURLY":
        local = wall_time(completed_at + timedelta(hours=rule.interval), schedule.zone)
    else:
        day = one_interval_after(done.date(), rule)
        if day is None:
            return None
        clock = schedule.start.time().replace(microsecond=0)
        if rule.hours:
            clock = clock.replace(hour=0, minute=0 if rule.minutes else clock.minute)
        local = datetime.combine(day, clock)
    anchored = schedule._replace(start=local, recurrence=_endless(recurrence))
    if _has_days(rule) or rule.months or rule.hours:
        found = occurrences(anchored, after=_instant(anchored, local) - timedelta(microseconds=1))
        if not found:
            return None
        local = _local(found[0].at, schedule.zone)
    return _occurrence(anchored, local, None) if _is_within(schedule, local) else None


def require_occurrence(schedule: Schedule) -> None:
    """Refuse a rule that never occurs, and one whose COUNT takes too long to reach.

    Raises:
        Invalid: it is such a one.
    """
    if not occurrences(schedule):
        raise Invalid.field("recurrence.rule", "never occurs from its start on", 0)
    if schedule.recurrence.count is not None and schedule.recurrence.mode == "schedule":
        occurrences(schedule, after=_LATEST)


def _expand(schedule: Schedule, after: datetime | None) -> Iterator[tuple[datetime, Occurrence]]:
    """Wall times and occurrences from the start on; without COUNT only from about `after` on."""
    recurrence = schedule.recurrence
    rule = _with_defaults(parse_rule(recurrence.rule), schedule.start)
    first = 0
    if after is not None and recurrence.count is None:
        first = period_before(rule, schedule.start, schedule.zone, after)
    last: datetime | None = None
    walk = _walk(rule, schedule, first)
    for local, reason in islice(walk, recurrence.count):
        at = _instant(schedule, local)
        if not _is_within(schedule, local):
            return
        # A wall time that was moved over a gap may fall onto the next one.
        if last is None or at > last:
            yield local, _occurrence(schedule, local, reason)
        last = at


def _walk(rule: Rule, schedule: Schedule, first: int) -> Iterator[tuple[datetime, str | None]]:
    """Wall times from a period on, until nothing more can come, or it takes too long."""
    empty, index, work = 0, first, 0
    # Times have whole seconds (RFC 5545 section 3.3.12), so a fraction of the start's is none.
    start = schedule.start.replace(microsecond=0)
    clamps = schedule.recurrence.month_end == "clamp"
    day_work = _YEARLY_DAY_WORK if rule.week_numbers or rule.year_days else 1
    while empty < _EMPTY[rule.frequency]:
        days, times = period(rule, start, schedule.zone, index)
        index += 1
        if not days or days[0].year > _LAST_YEAR:
            return
        moments = [
            (datetime.combine(day, one.replace(minute=minute, second=start.second)), reason)
            for day, reason in matching_days(rule, days, clamps=clamps)
            for one in times
            for minute in rule.minutes
        ]
        found = _at_positions(moments, rule.positions)
        empty = 0 if found else empty + 1
        work += _PERIOD_WORK + day_work * len(days) + _MOMENT_WORK * len(moments)
        work += _OCCURRENCE_WORK * len(found)
        if work > MOST_WORK:
            raise Invalid.field("recurrence.rule", TOO_LONG, 0)
        for local, reason in found:
            if local >= start:
                yield local, reason


def _with_defaults(rule: Rule, start: datetime) -> Rule:
    """The parts that the start fills in where the rule leaves them open."""
    from_start: dict[str, tuple[int, ...] | tuple[tuple[int, int], ...]] = {}
    if not _has_days(rule):
        if rule.frequency == "YEARLY":
            from_start["months"] = rule.months or (start.month,)
        if rule.frequency in ("YEARLY", "MONTHLY"):
            from_start["month_days"] = (start.day,)
        if rule.frequency == "WEEKLY":
            from_start["days"] = ((start.weekday(), 0),)
    if not rule.hours and rule.frequency != "HOURLY":
        from_start["hours"] = (start.hour,)
    from_start["minutes"] = rule.minutes or (start.minute,)
    return _replaced(rule, from_start)


def _replaced(rule: Rule, values: dict[str, tuple[int, ...] | tuple[tuple[int, int], ...]]) -> Rule:
    fields = {name: getattr(rule, name) for name in rule.__struct_fields__}
    return Rule(**{**fields, **values})


def _has_days(rule: Rule) -> bool:
    return bool(rule.days or rule.month_days or rule.year_days or rule.week_numbers)


def _at_positions(
    moments: list[tuple[datetime, str | None]], positions: tuple[int, ...]
) -> list[tuple[datetime, str | None]]:
    if not positions:
        return moments
    wanted = {place - 1 if place > 0 else len(moments) + place for place in positions}
    return [moment for index, moment in enumerate(moments) if index in wanted]


def _endless(recurrence: Recurrence) -> Recurrence:
    return Recurrence(recurrence.rule, recurrence.mode, None, None, recurrence.month_end)


def _is_within(schedule: Schedule, local: datetime) -> bool:
    """Whether a wall time is not past the recurrence's end, which belongs to it."""
    if schedule.recurrence.until is None:
        return True
    end = parse_until(schedule.recurrence.until)
    if isinstance(end, datetime):
        return _instant(schedule, local) <= end
    return local.date() <= end


def _occurrence(schedule: Schedule, local: datetime, reason: str | None) -> Occurrence:
    key = _key(schedule, local)
    if schedule.all_day:
        return Occurrence(key, local.date(), reason)
    odd = oddity(local, schedule.zone) if schedule.recurrence.rule[5:11] != "HOURLY" else None
    return Occurrence(key, instant(local, schedule.zone), reason or odd)


def _key(schedule: Schedule, local: datetime) -> str:
    rule = parse_rule(schedule.recurrence.rule)
    if rule.frequency == "HOURLY":
        return f"{instant(local, schedule.zone):%Y-%m-%dT%H:%MZ}"
    return f"{local:%Y-%m-%dT%H:%M}" if len(rule.hours) > 1 else local.date().isoformat()


def _instant(schedule: Schedule, local: datetime) -> datetime:
    return instant(local, schedule.zone)


def _local(at: datetime | Day, zone: ZoneInfo) -> datetime:
    if isinstance(at, datetime):
        return wall_time(at.astimezone(UTC), zone)
    return datetime.combine(at, time())
