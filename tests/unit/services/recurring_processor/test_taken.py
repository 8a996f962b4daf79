"""Which occurrences have their task already, wherever that was moved, and what key others have."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from tests.unit.services.recurring_processor.test_progress import chain

from taskflow.events.payloads import Recurrence
from taskflow.services.recurring_processor.model import Instance, Series
from taskflow.services.recurring_processor.taken import free, holders, keys_of
from taskflow.tasks.recurrence import Occurrence

PILING = Recurrence("FREQ=DAILY", policy="pile_up")
DAY = "2026-03-02"
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
OCCURRENCE = Occurrence(DAY, AT)


def placed(recurrence: Recurrence, planned_date: str, key: str = DAY) -> tuple[Series, Instance]:
    """A series and its task with a key, planned somewhere."""
    known = chain(recurrence)
    (task,) = known.instances.values()
    return known.series, replace(task, occurrence_date=key, planned_date=planned_date)


@pytest.mark.parametrize("planned_date", ["2026-03-02T09:00:00Z", "2026-03-02T12:00:00Z"])
def test_a_task_holds_its_day_whatever_its_time(planned_date: str) -> None:
    series, task = placed(PILING, planned_date)
    assert holders(series, [OCCURRENCE], [task]) == {DAY: task}
    assert free(series, [OCCURRENCE], [task]) == {}


def test_a_task_that_was_moved_to_another_day_leaves_its_own_to_one_with_another_key() -> None:
    series, task = placed(PILING, "2026-03-01T09:00:00Z")
    assert free(series, [OCCURRENCE], [task]) == {DAY: Occurrence(f"{DAY}/2", AT)}
    second = replace(task, planned_date="2026-02-28T09:00:00Z", occurrence_date=f"{DAY}/2")
    assert free(series, [OCCURRENCE], [task, second]) == {DAY: Occurrence(f"{DAY}/3", AT)}


def test_a_task_holds_the_day_that_it_was_moved_to() -> None:
    series, task = placed(PILING, "2026-03-02T09:00:00Z", key="2026-03-05")
    assert free(series, [OCCURRENCE], [task]) == {}


def test_a_task_of_a_series_that_counts_from_completion_holds_its_key() -> None:
    series, task = placed(Recurrence("FREQ=DAILY", "completion"), "2026-03-01T09:00:00Z")
    assert holders(series, [OCCURRENCE], [task]) == {DAY: task}


def test_what_was_taken_back_and_what_is_of_another_series_hold_nothing() -> None:
    series, task = placed(PILING, "2026-03-02T09:00:00Z")
    other = replace(task, series_id=task.task_id)
    assert list(free(series, [OCCURRENCE], [replace(task, is_withdrawn=True), other])) == [DAY]


def test_a_day_has_its_own_key_first() -> None:
    assert keys_of(DAY)[:3] == [DAY, f"{DAY}/2", f"{DAY}/3"]
