"""What a series takes from its tasks, and gives to the next one. Pure."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from taskflow.events.payloads import Recurrence, TaskState
from taskflow.services.recurring_processor.model import TEMPLATE, Instance, Series, Template
from taskflow.services.recurring_processor.moments import moved_on_wall, parse_when
from taskflow.tasks.checklists import unchecked
from taskflow.tasks.drafts import relative_only
from taskflow.tasks.model import Fields


def pattern(series: Series) -> TaskState:
    """What the next task is made from: the template, its checklists still to do."""
    template = series.template
    return TaskState(
        id=series.current_task_id,
        user_id=series.user_id,
        title=template.title,
        description=unchecked(template.description),
        status="pending",
        priority=template.priority,
        tags=template.tags,
        due_date=None,
        all_day=series.all_day,
        timezone=series.timezone,
        recurrence=series.recurrence,
        reminders=template.reminders,
        series_id=series.id,
        occurrence_date=None,
        version=1,
        created_at=series.created_at,
        updated_at=series.updated_at,
        completed_at=None,
        floating=series.floating,
    )


def fields_of(series: Series, planned_date: str) -> Fields:
    """What a person has written of a series, as if they had written it of one task of it."""
    template = series.template
    return Fields(
        title=template.title,
        description=template.description,
        priority=template.priority,
        tags=template.tags,
        due=parse_when(planned_date),
        all_day=series.all_day,
        timezone=series.timezone,
        floating=series.floating,
        recurrence=series.recurrence,
        reminders=template.reminders,
    )


class Plan(Struct, frozen=True, array_like=True):
    """What makes a series of a task."""

    recurrence: Recurrence | None
    timezone: str
    all_day: bool
    floating: bool


def plan_of(recurring: TaskState | Series) -> str:
    """What makes a series of a task, as a text: another one is another plan."""
    plan = Plan(*(getattr(recurring, name) for name in Plan.__struct_fields__))
    return msgspec.json.encode(plan).decode()


def timezone_of(plan: str) -> str:
    """The time zone of a plan."""
    return msgspec.json.decode(plan, type=Plan).timezone


def on_wall_of(
    plan: str, planned_date: str | None, timezone: str, seen: str | None = None
) -> tuple[str, str | None]:
    """A plan and its date where the owner is by now; those of a task that does not float stay.

    Args:
        plan: As it was noted.
        planned_date: A date, as it was noted.
        timezone: Where the owner is.
        seen: The date that the task has there, which is the same one also where a gap had moved it.
    """
    if not plan:
        return plan, planned_date  # It was written before plans were noted.
    known = msgspec.json.decode(plan, type=Plan)
    if not known.floating or known.timezone == timezone:
        return plan, planned_date
    moved = msgspec.json.encode(replace(known, timezone=timezone)).decode()
    if seen and planned_date == moved_on_wall(seen, timezone, known.timezone):
        return moved, seen
    return moved, planned_date and moved_on_wall(planned_date, known.timezone, timezone)


def template_of(task: TaskState, overrides: Mapping[str, object]) -> Template:
    """What the next task takes from this one, less what was edited for this one alone."""
    own = msgspec.to_builtins(Template(**{name: getattr(task, name) for name in TEMPLATE}))
    return msgspec.convert({**own, **overrides}, Template)


def is_as_made(known: Instance, task: TaskState, template: Template) -> bool:
    """Whether an open task is as it was made from a template, on whatever wall it is by now."""
    plan, planned_date = on_wall_of(
        known.plan, known.planned_date, task.timezone, task.planned_date
    )
    _, due_date = on_wall_of(known.plan, known.due_date, task.timezone, task.due_date)
    is_in_place = (plan_of(task), task.planned_date, task.due_date) == (
        plan,
        planned_date,
        due_date,
    )
    as_made = replace(
        template,
        description=unchecked(template.description),
        reminders=relative_only(template.reminders),
    )
    is_open = task.status == "pending" and task.deleted_at is None
    return is_open and is_in_place and template_of(task, {}) == as_made
