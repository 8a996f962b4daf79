"""Where the rule of a series counts from, and how much of COUNT lies before. Pure."""

from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from taskflow.base.clock import rfc3339
from taskflow.events.payloads import Recurrence, TaskState
from taskflow.services.recurring_processor.model import TEMPLATE, Chain, Series
from taskflow.services.recurring_processor.moments import instant_in, moved_on_wall
from taskflow.services.recurring_processor.patterns import pattern, plan_of, template_of
from taskflow.services.recurring_processor.unmoved import unmoved
from taskflow.tasks.model import Fields, due_text
from taskflow.tasks.recurrence import Schedule, occurrence_key, occurrences
from taskflow.tasks.zones import instant, parse_zone, wall_time

# A start is a few intervals before the task that the rule counts from, if it is before it at all.
MOST_BEFORE: Final = 1_000


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
        chain = Chain(anchored(chain, planned_date, as_task, restarts=False), chain.instances)
    return chain.with_series(template=template_of(as_task, {}))


def anchored(chain: Chain, planned_date: str | None, task: TaskState, *, restarts: bool) -> Series:
    """The series, counted from this task on, which was planned for another date before."""
    series = chain.series
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
    before = _number_before(moved, at)
    if before:
        moved = replace(moved, resumed_at=max(at, series.resumed_at or at))
    if restarts and counting(task.recurrence) != counting(series.recurrence):
        others = [one for one in chain.open if one.task_id != task.id]
        return replace(moved, used=-before, made=len(others) + 1)
    return replace(moved, used=series.used + _passed(series, moved, planned_date, at) - before)


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
        start_at=moved_on_wall(series.start_at, series.timezone, timezone),
        paused_at=moved(series.paused_at),
        resumed_at=moved(series.resumed_at),
    )


def counting(recurrence: Recurrence | None) -> tuple[object, ...] | None:
    """What makes COUNT begin anew when it becomes another."""
    return (recurrence.rule, recurrence.mode, recurrence.count) if recurrence else None


def _number_before(series: Series, at: datetime) -> int:
    """How many occurrences the rule alone gives from its start to an instant, not with it."""
    if series.recurrence is None or series.instant_of(series.start_at) >= at:
        return 0
    end = rfc3339(at - timedelta(seconds=1))
    recurrence = replace(series.recurrence, count=None, until=end)
    until_then = counted(series.schedule._replace(recurrence=recurrence))
    return len(occurrences(until_then, limit=MOST_BEFORE))


def _passed(series: Series, moved: Series, planned_date: str | None, at: datetime) -> int:
    """How many occurrences of COUNT lie behind a task that another plan counts from.

    Args:
        series: Before.
        moved: With its other plan.
        planned_date: Of the task, before.
        at: When the task is planned now.
    """
    if series.recurrence is None:
        return 0
    schedule = counted(series.schedule)
    if schedule.recurrence.count is None or schedule.recurrence.mode == "completion":
        return 0
    planned = series.instant_of(planned_date or series.start_at)
    all_of_them = occurrences(schedule, limit=schedule.recurrence.count)
    moments = [instant_in(series.zone, one.at) for one in all_of_them]
    endless = replace(moved.schedule.recurrence, count=None)
    after = at - timedelta(seconds=1) if moved.instant_of(moved.start_at) < at else None
    first = occurrences(counted(moved.schedule._replace(recurrence=endless)), after=after)
    is_counted_again = bool(first) and instant_in(moved.zone, first[0].at) == at
    was_one = planned in moments and not is_counted_again
    return sum(moment < planned for moment in moments) + was_one


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
