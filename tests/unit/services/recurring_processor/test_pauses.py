"""What falls into a pause is given back to COUNT once, whichever task is the last one."""

from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace
from tests.unit.services.recurring_processor.test_progress import DAY, PILING, START, chain

from taskflow.events.payloads import Recurrence
from taskflow.services.recurring_processor.model import Chain, Missed
from taskflow.services.recurring_processor.pauses import come_back, resumed, taken_back
from taskflow.services.recurring_processor.progress import next_alone, passed_over
from taskflow.tasks.recurrence import occurrences


def test_a_pause_gives_its_part_of_count_back_and_is_not_missed() -> None:
    counted = chain(Recurrence("FREQ=DAILY", "schedule", None, 5))
    paused = counted.with_series(paused_at=START + timedelta(hours=1))
    after = resumed(paused, START + 3 * DAY)
    assert after.series.used == -3
    (following,) = occurrences(after.series.schedule, after=START + 3 * DAY)
    assert following.date == "2026-03-06"
    assert passed_over(after, following) == Missed()
    assert passed_over(counted, following) == Missed(3)
    left = occurrences(after.series.schedule, after=START + 3 * DAY, limit=99)
    assert len(left) == 4


def test_what_is_left_of_count_is_had_after_a_pause_that_is_longer_than_the_rest() -> None:
    paused = chain(Recurrence("FREQ=DAILY", "schedule", None, 5)).with_series(paused_at=START + DAY)
    after = resumed(paused, START + 90 * DAY)
    left = occurrences(after.series.schedule, after=START + 90 * DAY, limit=99)
    assert [one.date for one in left] == ["2026-06-01", "2026-06-02", "2026-06-03"]
    over_already = resumed(paused.with_series(paused_at=START + 4 * DAY), START + 90 * DAY)
    assert next_alone(over_already) is None


def test_what_fell_into_a_pause_of_a_moved_series_is_given_back_behind_a_later_task() -> None:
    moved = chain(replace(PILING, count=5)).with_series(behind=1)
    (only,) = moved.instances.values()
    later = moved.replacing(replace(only, planned_date="2026-03-12T09:00:00Z"))
    paused = later.with_series(paused_at=START + timedelta(hours=1))
    after = resumed(paused, START + 3 * DAY)
    assert after.series.used == -3
    left = occurrences(after.series.schedule, after=START + 3 * DAY, limit=99)
    assert len(left) == 4


def test_a_series_goes_on_after_a_pause_of_more_than_is_counted() -> None:
    for count in (None, 100):
        rule = Recurrence("FREQ=HOURLY", "schedule", None, count, policy="pile_up")
        now = START + timedelta(hours=2, days=3_000)
        after = resumed(chain(rule).with_series(paused_at=START + timedelta(hours=2)), now)
        assert next_alone(after) == now + timedelta(hours=1)
        left = occurrences(after.series.schedule, after=now, limit=99)
        assert len(left) == (99 if count is None else 97)
        (only,) = after.instances.values()
        assert only.excused == 0
        assert passed_over(after, left[0]) == Missed()


def test_what_is_left_out_of_a_pause_is_not_given_back() -> None:
    rule = Recurrence("FREQ=DAILY", "schedule", None, 5, exdates=("2026-03-03",))
    paused = chain(rule).with_series(paused_at=START + timedelta(hours=1))
    assert resumed(paused, START + 2 * DAY).series.used == -1


@pytest.mark.parametrize(("missed", "day", "excused"), [(0, 3, (0, 2)), (1, 4, (0, 1))])
def test_what_fell_into_a_pause_goes_along_to_a_task_that_comes_back(
    missed: int, day: int, excused: tuple[int, int]
) -> None:
    counted = chain(Recurrence("FREQ=DAILY", "schedule", None, 9))
    (first,) = counted.instances.values()
    planned = f"2026-03-0{day}T09:00:00Z"
    second = replace(first, task_id=uuid4(), position=2, planned_date=planned, missed=missed)
    before = taken_back(counted.keeping(second), second)
    after = resumed(before.with_series(paused_at=START), START + 3 * DAY)
    restored = after.keeping(replace(second, missed=0, version=3))
    found = come_back(restored, before.instances[second.task_id])
    assert tuple(found.instances[one.task_id].excused for one in (first, second)) == excused
    assert found.instances[second.task_id].missed == missed
    assert _to_come(found) == 9 - 2 - missed
    again = taken_back(found, found.instances[second.task_id])
    assert come_back(again, found.instances[second.task_id]) == again


def _to_come(found: Chain) -> int:
    return len(occurrences(found.series.schedule, after=START + 3 * DAY, limit=99))
