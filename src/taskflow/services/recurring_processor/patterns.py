"""What a series takes from its tasks, and gives to the next one. Pure."""

from collections.abc import Mapping

import msgspec

from taskflow.events.payloads import TaskState
from taskflow.services.recurring_processor.model import TEMPLATE, Series, Template
from taskflow.tasks.checklists import unchecked
from taskflow.tasks.recurrence import Recurring


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
    )


def plan_of(recurring: Recurring) -> str:
    """What makes a series of a task, as a text: another one is another plan."""
    plan = [recurring.recurrence, recurring.timezone, recurring.all_day]
    return msgspec.json.encode(plan).decode()


def template_of(task: TaskState, overrides: Mapping[str, object]) -> Template:
    """What the next task takes from this one, less what was edited for this one alone."""
    own = msgspec.to_builtins(Template(**{name: getattr(task, name) for name in TEMPLATE}))
    return msgspec.convert({**own, **overrides}, Template)
