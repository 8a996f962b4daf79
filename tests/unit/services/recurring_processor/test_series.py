"""What a series decides, one decision at a time."""

from uuid import uuid4

from msgspec.structs import replace
from tests.unit.services.recurring_processor.test_event_consumer import SERIES, START, USER

from taskflow.services.recurring_processor import series
from taskflow.services.recurring_processor.model import Chain, Instance, Series

DONE = Instance(
    task_id=uuid4(),
    series_id=SERIES,
    title="Water",
    position=1,
    version=2,
    own_version=0,
    status="completed",
    is_deleted=False,
    is_withdrawn=False,
    repeats=True,
    occurrence_date="2026-03-02",
    due_date=None,
    planned_date=None,
    completed_at=START,
)
ENDED = Series(
    id=SERIES,
    user_id=USER,
    recurrence=None,
    timezone="UTC",
    all_day=False,
    start_at="2026-03-02T09:00:00Z",
    used=0,
    made=1,
    status="ended",
    current_task_id=DONE.task_id,
    created_at=START,
    updated_at=START,
)
CHAIN = Chain(ENDED, {DONE.task_id: DONE})


def test_a_task_is_followed_when_it_closes_and_not_when_it_is_changed_or_deleted_afterwards() -> (
    None
):
    assert series.lacks_next(CHAIN, DONE.reopened(), DONE)
    assert not series.lacks_next(CHAIN, DONE, replace(DONE, title="Watered", version=3))
    assert not series.lacks_next(CHAIN, DONE, replace(DONE, is_deleted=True, version=3))


def test_another_closing_than_the_known_one_tells_of_a_reopening_in_between() -> None:
    again = replace(DONE, version=4, completed_at=START.replace(hour=12))
    assert [one.is_open for one in series.steps(DONE, again)] == [True, False]
    assert series.steps(DONE, replace(DONE, version=3)) == [replace(DONE, version=3)]
