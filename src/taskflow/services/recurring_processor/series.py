"""What becomes of a series when one of its tasks changes. Pure: time comes in as an argument.

Under the policy `one_open` a series shows one open task at a time. What to do follows from the
newest state that is known of each of its tasks, never from the order in which the news came in: a
task's older news is ignored, and news that skips a reopening is taken as the reopening and what
followed.

- A task that closes while none other is open is followed by the next one, unless the rule is over.
- A task that opens again takes the place of every other open one that nobody has touched.
- A task that loses its recurrence takes those along, and is followed by none.

Under `pile_up` tasks appear by themselves (`materialising`), and make room for none.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from taskflow.events.payloads import TaskEvent, TaskState
from taskflow.events.topics import TASK_DELETED
from taskflow.services.recurring_processor.anchoring import (
    anchored,
    carried,
    start_of,
    used_before,
)
from taskflow.services.recurring_processor.model import (
    Chain,
    Instance,
    Missed,
    Series,
)
from taskflow.services.recurring_processor.moments import instant_in
from taskflow.services.recurring_processor.patterns import (
    is_as_made,
    on_wall_of,
    plan_of,
    template_of,
)
from taskflow.services.recurring_processor.progress import planned_at
from taskflow.tasks.recurrence import Occurrence, told
from taskflow.tasks.recurrence_completion import next_after_completion

# What changes of a floating task when its owner's zone does.
CARRIED: Final = frozenset({"timezone", "due_date", "planned_date"})
# What is noted of a task beside its state, and of it what was missed before.
MISSED: Final = frozenset({"missed", "is_missed_at_least"})
KEPT: Final = MISSED | {"overrides", "excused", "lapsed", "is_lapsed_at_least"}


def begin(task: TaskState, series_id: UUID, now: datetime) -> Chain:
    """The series of a task that is the first to be heard of; it knows of no task yet."""
    series = Series(
        id=series_id,
        user_id=task.user_id,
        recurrence=task.recurrence,
        timezone=task.timezone,
        all_day=task.all_day,
        floating=task.floating,
        start_at=start_of(task),
        used=0,
        made=0,
        status="ended",
        current_task_id=task.id,
        created_at=now,
        updated_at=now,
        template=template_of(task, {}),
    )
    return Chain(replace(series, used=used_before(series)), {})


def sighting(chain: Chain, event: TaskEvent) -> Instance | None:
    """What an event says of a task of the chain; None when newer news has been here already."""
    task, known = event.task, chain.instances.get(event.task_id)
    if known is not None and known.version >= event.version:
        return None
    last = chain.last
    is_deleted = event.event_type == TASK_DELETED or task.deleted_at is not None
    seen = Instance(
        task_id=task.id,
        series_id=chain.series.id,
        title=task.title,
        position=known.position if known else (last.position + 1 if last else 1),
        version=event.version,
        own_version=_own_version(chain, known, event),
        status=task.status,
        is_deleted=is_deleted,
        is_withdrawn=False,
        repeats=task.recurrence is not None and task.series_id == chain.series.id,
        occurrence_date=task.occurrence_date or "",
        due_date=task.due_date,
        planned_date=task.planned_date or (known.planned_date if known else task.due_date),
        completed_at=task.completed_at,
        plan=plan_of(task),
        is_skipped=is_deleted and known is not None and known.is_skipped,
        due_at=_due_at(chain.series, task.due_date) or task.created_at,
        **_kept(known, last),
    )
    return replace(seen, reason=_reason(known, seen))


def _kept(known: Instance | None, last: Instance | None) -> dict[str, Any]:
    """What no news tells of a task; a later one has counted what one that was taken back missed."""
    if known is None:
        return {}
    is_counted = known.is_withdrawn and last is not None and last.place > known.place
    return {name: getattr(known, name) for name in KEPT - (MISSED if is_counted else frozenset())}


def _reason(known: Instance | None, seen: Instance) -> str | None:
    """What was not plain about a task, while it is planned as it was."""
    if known is None or (known.plan, known.planned_date) != (seen.plan, seen.planned_date):
        return None
    return known.reason


def _own_version(chain: Chain, known: Instance | None, event: TaskEvent) -> int:
    """The version that this service left a task at; one that went with its owner is untouched.

    News may skip a version, and name no changes: then the state tells.
    """
    if known is None:
        return 0
    can_go_along = event.task.floating and {*event.changes} <= CARRIED
    if not can_go_along or not known.is_untouched or not known.is_open:
        return known.own_version
    went_along = event.version == known.version + 1 and "timezone" in event.changes
    if went_along or is_as_made(known, event.task, chain.series.template):
        return event.version
    return known.own_version


def steps(known: Instance | None, seen: Instance) -> list[Instance]:
    """The states that a task has gone through, as far as they can be told: one, or two."""
    if known is None or known.is_open or seen.is_open or known.closing == seen.closing:
        return [seen]
    return [seen.reopened(), seen]


def adopted(chain: Chain, step: Instance, task: TaskState, *, restarts: bool = True) -> Chain:
    """The chain with a task's new state, and its rule and planned date where those were changed.

    A rule, mode or count that was changed counts anew from this task on, unless `restarts` is
    False. A planned date, a zone or anything else that was changed moves the start, and COUNT goes
    on. Others of the series keep what they had, so each is compared with what was known of itself.
    """
    known, series = chain.instances.get(step.task_id), chain.series
    chain = chain.keeping(step)
    if chain.last == step and step.repeats:
        chain = chain.with_series(template=template_of(task, step.overrides))
    is_news_of_rule = step.is_open or known is None or known.is_open
    if not step.repeats or not is_news_of_rule:
        return chain
    plan = known.plan if known and known.plan else plan_of(series)
    chain = Chain(carried(chain.series, task), chain.instances)
    noted = known.planned_date if known else None
    plan, planned_date = on_wall_of(plan, noted, task.timezone, step.planned_date)
    is_moved = known is not None and step.planned_date != planned_date
    if plan == step.plan and not is_moved:
        return chain
    planned_date = planned_date if known else step.planned_date
    return anchored(chain, planned_date, task, restarts=restarts)


def superseded(chain: Chain, known: Instance | None, step: Instance) -> list[Instance]:
    """The open tasks that make room: untouched ones, where another one stands for the series."""
    untouched = [one for one in chain.open if one.is_untouched]
    if known is not None and known.repeats and not step.repeats:
        return [one for one in untouched if one.task_id != step.task_id]
    if chain.series.piles_up:
        return []
    return untouched if len(untouched) < len(chain.open) else untouched[1:]


def lacks_next(chain: Chain, known: Instance | None, step: Instance) -> bool:
    """Whether this closing of a task is what the next one has to follow."""
    has_closed = not step.is_open and (known is None or known.closing != step.closing)
    return has_closed and step.repeats and has_room(chain)


def has_room(chain: Chain) -> bool:
    """Whether a series that shows one open task has none, and goes on."""
    series, last = chain.series, chain.last
    goes_on = last is not None and last.repeats and not series.is_held and not series.piles_up
    return goes_on and not chain.open


def candidates(
    chain: Chain, step: Instance, closed_at: datetime, now: datetime
) -> Iterator[Occurrence]:
    """What may come after a task that has closed, the best first; empty when the rule is over.

    The next one is taken when an occurrence has had its task already. One interval after completion
    cannot move, so there the same occurrence comes a second time, under a key of its own.

    Args:
        chain: The series.
        step: The task that has closed.
        closed_at: When it went to the trash, where it was not done.
        now: Nothing of the calendar comes before.
    """
    series, schedule = chain.series, chain.series.schedule
    if schedule.recurrence.mode == "completion":
        done_at = step.completed_at or max(closed_at, _due_at(series, step.due_date) or now)
        first = next_after_completion(schedule, done_at, series.made)
        if first is not None:
            yield first
            yield from (first._replace(date=f"{first.date}/{number}") for number in count(2))
        return
    last = chain.last or step
    after = max(now, planned_at(series, step), planned_at(series, last))
    goes_on = True
    while goes_on:
        goes_on = False
        for one in told(schedule, after=after):
            yield one
            # What takes too long to follow in one go is followed from there on.
            after, goes_on = instant_in(series.zone, one.at), True


def made(chain: Chain, occurrence: Occurrence, task: TaskState, missed: Missed) -> Chain:
    """The chain with the task that this service has made for an occurrence, and what it missed."""
    chain = Chain(carried(chain.series, task), chain.instances)
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
        plan=plan_of(task),
        missed=missed.number,
        is_missed_at_least=missed.is_at_least,
        due_at=_due_at(chain.series, due_date),
        reason=occurrence.reason or "",
    )
    return chain.keeping(instance)


def _due_at(series: Series, due_date: str | None) -> datetime | None:
    return None if due_date is None else series.instant_of(due_date)
