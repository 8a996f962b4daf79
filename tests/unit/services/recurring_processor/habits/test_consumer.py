"""Which news may change what is known of somebody's habits."""

from msgspec.structs import replace
from tests.unit.services.recurring_processor.test_event_consumer import USER
from tests.unit.services.recurring_processor.test_pattern_detector import NOW

from taskflow.base.ids import new_id
from taskflow.events.payloads import Change, TaskEvent
from taskflow.events.topics import TASK_COMPLETED, TASK_CREATED, TASK_DELETED, TASK_UPDATED
from taskflow.services.recurring_processor.habits.consumer import TELLING, tells_of_habits
from taskflow.services.recurring_processor.pattern_detector import PastTask
from taskflow.tasks.drafts import DEFAULTS
from taskflow.tasks.model import Actor, event_of, new_task


def told(**changes: Change) -> TaskEvent:
    task = new_task(replace(DEFAULTS, title="Water"), new_id(NOW), USER, NOW)
    actor = Actor(USER, "user", "ann", "Ann", "correlation")
    return event_of(actor, TASK_UPDATED, task, changes, new_id(NOW))


def test_what_is_made_done_or_deleted_tells_of_habits() -> None:
    for kind in (TASK_CREATED, TASK_COMPLETED, TASK_DELETED):
        assert tells_of_habits(replace(told(), event_type=kind))


def test_a_change_tells_of_habits_where_it_changes_what_is_kept() -> None:
    assert tells_of_habits(told(title=Change("Water", "Rent")))
    assert not tells_of_habits(told(description=Change("", "the big ones")))
    assert not tells_of_habits(told())


def test_all_that_is_kept_of_a_task_is_followed() -> None:
    assert set(PastTask.__struct_fields__) - {"id", "created_at"} <= TELLING
