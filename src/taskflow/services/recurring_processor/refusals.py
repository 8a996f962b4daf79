"""How a change of a series is refused: by the fields of the body that asked for it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from taskflow.base.errors import FieldError, Invalid
from taskflow.tasks.model import Task
from taskflow.tasks.recurrence import require_occurrence, schedule_of


@contextmanager
def named_below(place: str) -> Iterator[None]:
    """Name fields that are wrong by their place in the body."""
    try:
        yield
    except Invalid as error:
        found = [FieldError(f"{place}.{one.field}", *one[1:]) for one in error.errors]
        raise Invalid(error.detail, *found) from error


def require_going_on(task: Task, given: Mapping[str, object], now: datetime) -> None:
    """Refuse what a series would count from where its rule never occurs from there on.

    Raises:
        Invalid: it is such; named is the due date, where the recurrence itself stays.
    """
    if task.recurrence is None:
        return
    try:
        require_occurrence(schedule_of(task, task.due or now))
    except Invalid as error:
        if "due_date" not in given or "recurrence" in given:
            raise
        message = f"the series would count from it, but {error.detail}"
        raise Invalid.field("due_date", message) from error
