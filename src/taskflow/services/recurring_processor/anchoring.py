"""Where the rule of a series counts from, and how much of COUNT lies before. Pure."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from taskflow.base.clock import rfc3339
from taskflow.events.payloads import Recurrence, TaskState
from taskflow.services.recurring_processor.model import TEMPLATE, Chain, Instance, Series
from taskflow.services.recurring_processor.moments import instant_in, kept_on_wall
from taskflow.services.recurring_processor.patterns import pattern, plan_of, template_of
from taskflow.services.recurring_processor.progress import (
    endless,
    follows_calendar,
    number_between,
    planned_at,
    without_additions,
)
from taskflow.services.recurring_processor.unmoved import is_same_day, unmoved
from taskflow.tasks.model import Fields, due_text
from taskflow.tasks.recurrence import Schedule, occurrence_key, told
from taskflow.tasks.zones import instant, parse_zone, wall_time


def planned(chain: Chain, fields: Fields, planned_date: str) -> Chain:
    """The chain with another plan and template while no task of it is open; COUNT goes on.

    Args:
        chain: The series.
        fields: What its next tasks are to be.
        planned_date: Of its last task, which the rule counts from.
    """
    names = ("recurrence", "timezone", "all_day", "floating", *TEMPLATE)
    as_task = replace(
        pattern(chain.series),
        **{name: getattr(fields, name) for name in names},
        planned_date=due_text(fields.due),
    )
    if plan_of(as_task) != plan_of(chain.series):
        chain = anchored(chain, planned_date, as_task, restarts=False)
    return chain.with_series(template=template_of(as_task, {}))


def anchored(chain: Chain, planned_date: str | None, task: TaskState, *, restarts: bool) -> Chain:
    """The chain, counted from this task on, which was planned for another date before.

    As much of COUNT is to come as before: what the other plan gives up to the last task is had, and
    what it gives from there to the end of a pause never was.
    """
    series = chain.series
    moved = _moved(series, planned_date, task)
    last = None if moved.piles_up else chain.last
    was = series.instant_of(planned_date or series.start_at)
    at = begins_at = moved.instant_of(start_of(task))
    if last is not None and last.task_id != task.id and not series.piles_up:
        was, at = planned_at(series, last), planned_at(moved, last)
    had, counted_to = _had(chain, task.id, last, was), at
    if restarts and counting(task.recurrence) != counting(series.recurrence):
        others = [one for one in chain.open if one.task_id != task.id]
        had, counted_to, moved = 1, begins_at, replace(moved, made=len(others) + 1)
    if not follows_calendar(moved):
        return Chain(moved, chain.instances)
    after = Chain(replace(moved, used=had - _number_to(moved, counted_to)), chain.instances)
    return after if last is None else _excusing(after, last, at, task.updated_at)


def used_before(series: Series) -> int:
    """How much of COUNT is used up before the start: its task is one, also where no rule comes."""
    if not follows_calendar(series):
        return 0
    return 1 - _number_to(series, series.instant_of(series.start_at))


def with_first(series: Series) -> Series:
    """A series whose COUNT may lack its first task, with that one among what is used up."""
    if not series.may_lack_first:
        return series
    return replace(series, used=series.used + used_before(series), may_lack_first=False)


def beginning(schedule: Schedule) -> Schedule:
    """A schedule whose first task is due at its start: that is one of COUNT, as of a series."""
    recurrence = schedule.recurrence
    if recurrence.mode != "schedule" or recurrence.count is None:
        return schedule
    begin = instant(schedule.start.replace(microsecond=0), schedule.zone)
    first = next(told(counted(schedule)), None)
    if first is not None and instant_in(schedule.zone, first.at) <= begin:
        return schedule
    return schedule._replace(recurrence=replace(recurrence, count=recurrence.count - 1))


def carried(series: Series, task: TaskState) -> Series:
    """A floating series where its owner is by now: on the same wall, with the same COUNT."""
    return on_wall(series, task.timezone) if series.floating and task.floating else series


def on_wall(series: Series, timezone: str) -> Series:
    """A floating series in its owner's zone; what was still to come on the wall still is."""
    if series.timezone == timezone:
        return series

    def moved(at: datetime | None) -> datetime | None:
        if at is None:
            return None
        return instant(wall_time(at, parse_zone(series.timezone)), parse_zone(timezone))

    return replace(
        series,
        timezone=timezone,
        start_at=kept_on_wall(series.start_at, series.timezone, timezone),
        paused_at=moved(series.paused_at),
        resumed_at=moved(series.resumed_at),
    )


def counting(recurrence: Recurrence | None) -> tuple[object, ...] | None:
    """What makes COUNT begin anew when it becomes another."""
    return (recurrence.rule, recurrence.mode, recurrence.count) if recurrence else None


def _moved(series: Series, planned_date: str | None, task: TaskState) -> Series:
    """The series with the plan and the start of a task, which was planned for another date."""
    moved = replace(
        series,
        recurrence=task.recurrence,
        timezone=task.timezone,
        all_day=task.all_day,
        floating=task.floating,
        start_at=start_of(task),
        used=0,
    )
    at = moved.instant_of(moved.start_at)
    if task.planned_date is not None and task.planned_date == planned_date:
        moved = unmoved(series, moved)
    elif planned_date is not None and _has_day_of(series, planned_date, moved):
        moved = unmoved(series, moved, is_at_its_time=False)
    if moved.instant_of(moved.start_at) < at:
        moved = replace(moved, resumed_at=max(at, series.resumed_at or at))
    return moved


def _has_day_of(series: Series, planned_date: str, moved: Series) -> bool:
    """Whether a task was given another time alone."""
    is_alike = (series.timezone, series.all_day) == (moved.timezone, moved.all_day)
    return is_alike and is_same_day(series, planned_date, moved.start_at)


def _had(chain: Chain, task_id: UUID, last: Instance | None, at: datetime) -> int:
    """How much of COUNT a series has had up to a task, itself included.

    Args:
        chain: With its plan as it was.
        task_id: The task.
        last: The last task, where the figure is of all up to there.
        at: When that one of the two was planned.
    """
    series, known = chain.series, chain.of(task_id)
    if not follows_calendar(series) or series.recurrence is None or not series.recurrence.count:
        later = [one for one in chain.open if known and one.position > known.position]
        return series.made - (len(later) if last is None else 0)
    given_back = 0
    if last is not None and last.excused and series.resumed_at is not None:
        # What was added beside the rule has used up none of COUNT.
        ruled = number_between(without_additions(endless(series.schedule)), at, series.resumed_at)
        given_back = min(last.excused, ruled)
    return series.used + _number_to(series, at) + given_back


def _excusing(chain: Chain, last: Instance, at: datetime, now: datetime) -> Chain:
    """The chain with what another plan has between its last task and the end of a pause."""
    series = chain.series
    schedule, end = endless(series.schedule), min(series.resumed_at or at, now)
    excused = number_between(schedule, at, end)
    counting = number_between(without_additions(schedule), at, end)
    chain = chain.replacing(replace(last, excused=excused))
    return chain.with_series(used=series.used - counting)


def _number_to(series: Series, at: datetime) -> int:
    """How many occurrences COUNT would count, had it no end, from the start up to an instant.

    Where that takes too long to follow, it is as many as were found: it keeps nobody from a move.
    """
    if series.recurrence is None or series.recurrence.count is None:
        return 0
    recurrence = replace(series.recurrence, count=None, until=rfc3339(at))
    until_then = counted(series.schedule._replace(recurrence=recurrence))
    return sum(1 for _ in told(until_then))


def counted(schedule: Schedule) -> Schedule:
    """What COUNT counts: all that the rule gives, also what is left out, but nothing added."""
    return schedule._replace(recurrence=replace(schedule.recurrence, exdates=(), rdates=()))


def start_of(task: TaskState) -> str:
    """What a task's recurrence counts from: its date, or else the moment that it began at."""
    date = task.planned_date or task.due_date
    if date is not None:
        return date
    begins_at = task.created_at
    if task.recurrence is not None and occurrence_key(begins_at, task) != task.occurrence_date:
        begins_at = task.updated_at
    if task.all_day:
        return begins_at.astimezone(parse_zone(task.timezone)).date().isoformat()
    return rfc3339(begins_at)
