"""What counts from completion: one interval after it was done, whenever that was. Pure."""

from collections.abc import Iterator
from datetime import datetime
from itertools import dropwhile, islice
from typing import Final

from taskflow.tasks.recurrence import Occurrence, Schedule, local_time, occurrences, rule_of
from taskflow.tasks.recurrence_days import no_day
from taskflow.tasks.recurrence_intervals import at_every_interval, interval_after
from taskflow.tasks.recurrence_periods import Work
from taskflow.tasks.recurrence_rules import Rule, is_within
from taskflow.tasks.zones import instant, wall_time

_STEP_WORK: Final = 100


def next_after_completion(
    schedule: Schedule, completed_at: datetime, made: int, work: Work | None = None
) -> Occurrence | None:
    """One interval after completion, at the schedule's time of day, even if that is past.

    Where the rule names days, months or hours (`BYDAY=MO`), the first such from there on.

    Args:
        schedule: The rule; its start gives the time of day.
        completed_at: When the last instance was done.
        made: How many instances there have been.
        work: Counts what it costs.

    Raises:
        Invalid: finding it would take too long.
    """
    recurrence, zone = schedule.recurrence, schedule.zone
    if recurrence.count is not None and made >= recurrence.count:
        return None
    rule = rule_of(schedule)
    time_of_day = schedule.start.time().replace(microsecond=0)
    local = interval_after(completed_at, rule, time_of_day, zone)
    if local is None:
        return None
    # Where it names no moment, `local` is the first.
    anchored = schedule._replace(start=local, recurrence=at_every_interval(recurrence))
    found = occurrences(anchored, work=work)
    if not found or not is_within(recurrence, zone, local_time(found[0].at, zone)):
        return None
    return _with_reason(found[0], rule, local, wall_time(completed_at, zone))


def done_in_time(schedule: Schedule, *, after: datetime | None, limit: int) -> list[Occurrence]:
    """The next occurrences after an instant, if each is done when it is due.

    Raises:
        Invalid: finding them would take too long.
    """
    found = _in_turn(schedule)
    if after is not None:
        found = dropwhile(lambda one: _instant(schedule, one) <= after, found)
    return list(islice(found, limit))


def _in_turn(schedule: Schedule) -> Iterator[Occurrence]:
    work, made = Work(), 1
    one = next(iter(occurrences(schedule, work=work)), None)
    while one is not None:
        yield one
        work.add(_STEP_WORK)
        one = next_after_completion(schedule, _instant(schedule, one), made, work)
        made += 1


def _instant(schedule: Schedule, one: Occurrence) -> datetime:
    """When an occurrence is due; a day, when it begins."""
    if isinstance(one.at, datetime):
        return one.at
    return instant(local_time(one.at, schedule.zone), schedule.zone)


def _with_reason(one: Occurrence, rule: Rule, local: datetime, done: datetime) -> Occurrence:
    """An occurrence that says so where its month lacks the day that it was done on."""
    is_of_month = rule.frequency in ("MONTHLY", "YEARLY") and local.day < done.day
    if one.reason or not is_of_month or rule.days or not one.date.startswith(f"{local:%Y-%m-%d}"):
        return one
    return one._replace(reason=no_day(done.day))
