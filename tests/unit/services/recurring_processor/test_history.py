"""The history of a series is told as it was, and its figures follow from it."""

from datetime import UTC, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from taskflow.services.recurring_processor.history import (
    Timing,
    Trace,
    statistics,
    status_of,
    timing_of,
)
from taskflow.services.recurring_processor.model import Instance, Missed

BERLIN = ZoneInfo("Europe/Berlin")
DUE = datetime(2026, 3, 28, 23, tzinfo=UTC)  # The 29th in Berlin, a day of 23 hours.
OPEN = Instance(
    task_id=uuid4(),
    series_id=uuid4(),
    title="Water",
    position=1,
    version=1,
    own_version=1,
    status="pending",
    is_deleted=False,
    is_withdrawn=False,
    repeats=True,
    occurrence_date="2026-03-29",
    due_date="2026-03-29",
    planned_date="2026-03-29",
    completed_at=None,
    due_at=DUE,
)
DONE, SKIPPED = Trace("done", "on_time"), Trace("skipped", None)
LATE, DELETED = Trace("done", "late"), Trace("deleted", None)


def test_what_has_become_of_a_task_is_told_apart() -> None:
    gone = replace(OPEN, is_deleted=True)
    assert status_of(OPEN) == "open"
    assert status_of(replace(OPEN, status="completed")) == "done"
    assert status_of(gone) == "deleted"
    assert status_of(replace(gone, is_skipped=True)) == "skipped"
    assert status_of(replace(gone, is_withdrawn=True)) == "withdrawn"
    assert status_of(replace(gone, is_skipped=True).reopened()) == "open"


@pytest.mark.parametrize(
    ("done_at", "due", "expected"),
    [
        (datetime(2026, 3, 29, 21, 59, tzinfo=UTC), "2026-03-29", "on_time"),
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), "2026-03-29", "late"),
        (DUE, "2026-03-28T23:00:00Z", "on_time"),
        (datetime(2026, 3, 28, 23, 1, tzinfo=UTC), "2026-03-28T23:00:00Z", "late"),
        (None, "2026-03-29", None),
        (DUE, None, None),
    ],
)
def test_a_day_lasts_until_midnight_and_an_instant_until_itself(
    done_at: datetime | None, due: str | None, expected: Timing | None
) -> None:
    assert timing_of(replace(OPEN, completed_at=done_at, due_date=due), BERLIN) == expected


def test_a_day_is_one_of_the_zone_that_its_task_had() -> None:
    in_berlin = replace(OPEN, plan='[null,"Europe/Berlin",true,false]')
    last = replace(in_berlin, completed_at=datetime(2026, 3, 29, 21, 59, tzinfo=UTC))
    over = replace(in_berlin, completed_at=datetime(2026, 3, 29, 22, 0, tzinfo=UTC))
    for zone in (ZoneInfo("Asia/Tokyo"), ZoneInfo("America/Los_Angeles")):
        assert (timing_of(last, zone), timing_of(over, zone)) == ("on_time", "late")


def test_what_was_done_stays_done_in_the_trash() -> None:
    assert status_of(replace(OPEN, status="completed", is_deleted=True)) == "done"


def test_a_miss_ends_a_streak_and_a_skip_and_an_exception_do_not() -> None:
    found = statistics([DONE, DONE, DELETED, LATE, SKIPPED, DONE, Trace("open", None, Missed(2))])
    assert (found.longest_streak, found.current_streak) == (4, 0)
    assert (found.done, found.late, found.skipped, found.missed, found.deleted) == (4, 1, 1, 2, 1)


def test_a_miss_counts_against_the_rate_and_a_skip_does_not() -> None:
    traces = [DONE, DONE, SKIPPED, DONE, Trace("skipped", None, Missed(2))]
    assert statistics(traces).completion_rate == round(3 / 5, 4)
    assert statistics([DONE, SKIPPED]).completion_rate == 1.0
    assert statistics([SKIPPED]).completion_rate is None


def test_what_was_missed_before_a_task_ends_the_streak_before_it() -> None:
    assert statistics([DONE, DONE, Trace("done", "on_time", Missed(1))]).current_streak == 1


def test_nothing_is_no_rate() -> None:
    assert statistics([Trace("open", None)]).completion_rate is None


@pytest.mark.parametrize("is_at_least", [False, True])
def test_where_counting_ended_the_figures_say_that_there_may_be_more(*, is_at_least: bool) -> None:
    missed = Missed(3, is_at_least)
    assert statistics([Trace("open", None, missed)]).is_missed_at_least == is_at_least
    assert statistics([Trace("done", None, lapsed=missed)]).is_missed_at_least == is_at_least


def test_a_streak_is_at_an_end_where_nobody_knows_whether_one_was_missed() -> None:
    some = Missed(is_at_least=True)
    assert statistics([DONE, DONE, Trace("done", "on_time", some)]).longest_streak == 2
    assert statistics([DONE, Trace("done", "on_time", lapsed=some)]).current_streak == 0
