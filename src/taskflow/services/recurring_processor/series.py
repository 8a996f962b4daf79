"""What becomes of a series when one of its tasks changes. Pure: time comes in as an argument.

A series shows one open task at a time. What to do follows from the newest state that is known of
each of its tasks, never from the order in which the news came in: a task's older news is ignored,
and news that skips a reopening is taken as the reopening and what followed.

- A task that closes while none other is open is followed by the next one, unless the rule is over.
- A task that opens again takes the place of every other open one that nobody has touched.
- A task that loses its recurrence takes those along, and is followed by none.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import count
from uuid import UUID

from msgspec.structs import replace

from taskflow.base.clock import rfc3339
from taskflow.events.payloads import TaskEvent, TaskState
from taskflow.events.topics import TASK_DELETED
from taskflow.services.recurring_processor.model import Chain, Instance, Series
from taskflow.services.recurring_processor.moments import instant_in
from taskflow.tasks.recurrence import (
    Occurrence,
    next_after_completion,
    occurrence_key,
    occurrences,
)
from taskflow.tasks.zones import parse_zone


def begin(task: TaskState, series_id: UUID, now: datetime) -> Chain:
    """The series of a task that is the first to be heard of; it knows of no task yet."""
    series = Series(
        id=series_id,
        user_id=task.user_id,
        recurrence=task.recurrence,
        timezone=task.timezone,
        all_day=task.all_day,
        start_at=_start(task),
        used=0,
        made=0,
        status="ended",
        current_task_id=task.id,
        created_at=now,
        updated_at=now,
    )
    return Chain(series, {})


def sighting(chain: Chain, event: TaskEvent) -> Instance | None:
    """What an event says of a task of the chain; None when newer news has been here already."""
    task, known = event.task, chain.instances.get(event.task_id)
    if known is not None and known.version >= event.version:
        return None
    last = chain.last
    return Instance(
        task_id=task.id,
        series_id=chain.series.id,
        title=task.title,
        position=known.position if known else (last.position + 1 if last else 1),
        version=event.version,
        own_version=known.own_version if known else 0,
        status=task.status,
        is_deleted=event.event_type == TASK_DELETED or task.deleted_at is not None,
        is_withdrawn=False,
        repeats=task.recurrence is not None and task.series_id == chain.series.id,
        occurrence_date=task.occurrence_date or "",
        due_date=task.due_date,
        planned_date=known.planned_date if known else task.due_date,
        completed_at=task.completed_at,
    )


def steps(known: Instance | None, seen: Instance) -> list[Instance]:
    """The states that a task has gone through, as far as they can be told: one, or two."""
    if known is None or known.is_open or seen.is_open or known.closing == seen.closing:
        return [seen]
    return [seen.reopened(), seen]


def adopted(chain: Chain, step: Instance, task: TaskState) -> Chain:
    """The chain with a task's new state, and its rule and due date where somebody changed them.

    A recurrence that was changed counts anew from this task on. A due date or zone that was changed
    moves the start, and COUNT goes on.
    """
    known, series = chain.instances.get(step.task_id), chain.series
    chain = chain.keeping(step)
    is_news_of_rule = step.is_open or known is None or known.is_open
    if not step.repeats or not is_news_of_rule:
        return chain
    is_same = (series.recurrence, series.timezone, series.all_day) == (
        task.recurrence,
        task.timezone,
        task.all_day,
    )
    if is_same and step.due_date == step.planned_date:
        return chain
    planned = replace(step, planned_date=step.due_date)
    return Chain(_anchored(chain, step, task), {**chain.instances, step.task_id: planned})


def superseded(chain: Chain, known: Instance | None, step: Instance) -> list[Instance]:
    """The open tasks that make room: untouched ones, where another one stands for the series."""
    untouched = [one for one in chain.open if one.is_untouched]
    if known is not None and known.repeats and not step.repeats:
        return [one for one in untouched if one.task_id != step.task_id]
    return untouched if len(untouched) < len(chain.open) else untouched[1:]


def lacks_next(chain: Chain, known: Instance | None, step: Instance) -> bool:
    """Whether this closing of a task is what the next one has to follow."""
    has_closed = not step.is_open and (known is None or known.closing != step.closing)
    goes_on = step.repeats and chain.last is not None and chain.last.repeats
    return has_closed and goes_on and not chain.open


def candidates(
    chain: Chain, step: Instance, event: TaskEvent, now: datetime
) -> Iterator[Occurrence]:
    """What may come after a task that has closed, the best first; empty when the rule is over.

    The next one is taken when an occurrence has had its task already. One interval after completion
    cannot move, so there the same occurrence comes a second time, under a key of its own.
    """
    series, schedule = chain.series, chain.series.schedule
    if schedule.recurrence.mode == "completion":
        done_at = step.completed_at or max(event.timestamp, _due_at(series, step) or now)
        first = next_after_completion(schedule, done_at, series.made)
        if first is not None:
            yield first
            yield from (first._replace(date=f"{first.date}/{number}") for number in count(2))
        return
    last = chain.last or step
    after = max(now, _due_at(series, step) or now, _due_at(series, last) or now)
    while found := occurrences(schedule, after=after):
        yield found[0]
        after = instant_in(series.zone, found[0].at)


def made(chain: Chain, occurrence: Occurrence, task: TaskState) -> Chain:
    """The chain with the task that this service has made for an occurrence."""
    due_date, last = task.due_date, chain.last
    instance = Instance(
        task_id=task.id,
        series_id=chain.series.id,
        title=task.title,
        position=last.position + 1 if last else 1,
        version=task.version,
        own_version=task.version,
        status="pending",
        is_deleted=False,
        is_withdrawn=False,
        repeats=True,
        occurrence_date=occurrence.date,
        due_date=due_date,
        planned_date=due_date,
        completed_at=None,
    )
    return chain.keeping(instance)


def _anchored(chain: Chain, step: Instance, task: TaskState) -> Series:
    """The series, counted from this task on."""
    series = chain.series
    moved = replace(
        series,
        recurrence=task.recurrence,
        timezone=task.timezone,
        all_day=task.all_day,
        start_at=_start(task),
    )
    if task.recurrence != series.recurrence:
        first_ones = {one.task_id for one in chain.open} | {step.task_id}
        return replace(moved, used=0, made=len(first_ones))
    return replace(moved, used=series.used + _passed(series, moved, step.planned_date))


def _passed(series: Series, moved: Series, planned_date: str | None) -> int:
    """How many occurrences of COUNT lie behind a task whose due date was moved."""
    schedule = series.schedule
    if schedule.recurrence.count is None or schedule.recurrence.mode == "completion":
        return 0
    planned = series.instant_of(planned_date or series.start_at)
    all_of_them = occurrences(schedule, limit=schedule.recurrence.count)
    moments = [instant_in(series.zone, one.at) for one in all_of_them]
    first = occurrences(replace(moved, used=0).schedule)
    start = moved.instant_of(moved.start_at)
    is_counted_again = bool(first) and instant_in(moved.zone, first[0].at) == start
    was_one = planned in moments and not is_counted_again
    return sum(moment < planned for moment in moments) + was_one


def _start(task: TaskState) -> str:
    """What a task's recurrence counts from: its due date, or else the moment that it began at."""
    if task.due_date is not None:
        return task.due_date
    begins_at = task.created_at
    if task.recurrence is not None and occurrence_key(begins_at, task) != task.occurrence_date:
        begins_at = task.updated_at
    if task.all_day:
        return begins_at.astimezone(parse_zone(task.timezone)).date().isoformat()
    return rfc3339(begins_at)


def _due_at(series: Series, instance: Instance) -> datetime | None:
    return None if instance.due_date is None else series.instant_of(instance.due_date)
