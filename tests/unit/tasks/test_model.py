"""A task as a value: what it becomes, and what stays of it."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from taskflow.tasks.drafts import DEFAULTS, drafted
from taskflow.tasks.model import Task, new_task

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
GIVEN = {
    "title": "Stretch",
    "due_date": "2026-03-09T08:00:00Z",
    "timezone": "Europe/Berlin",
    "floating": True,
    "recurrence": {"rule": "weekly"},
}


def task(**more: object) -> Task:
    return new_task(drafted(DEFAULTS, {**GIVEN, **more}, NOW), uuid4(), uuid4(), NOW)


def test_a_floating_task_of_a_series_stays_where_the_series_has_it() -> None:
    moved = task().moved_to("Asia/Tokyo")
    assert moved.due == moved.planned == datetime(2026, 3, 9, 0, tzinfo=UTC)
    assert moved.timezone == "Asia/Tokyo"


def test_a_postponed_one_stays_postponed() -> None:
    postponed = replace(task(), due=datetime(2026, 3, 10, 15, tzinfo=UTC))
    moved = postponed.moved_to("Asia/Tokyo")
    assert moved.due == datetime(2026, 3, 10, 7, tzinfo=UTC)
    assert moved.planned == datetime(2026, 3, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("timezone", ["Asia/Tokyo", "America/New_York"])
def test_a_day_is_the_same_day_everywhere(timezone: str) -> None:
    moved = task(due_date="2026-03-09", all_day=True).moved_to(timezone)
    assert moved.due == moved.planned == date(2026, 3, 9)


def test_one_that_was_written_without_a_planned_date_keeps_what_it_was_due_at() -> None:
    before = replace(task(), planned=None)
    due = datetime(2026, 3, 10, 15, tzinfo=UTC)
    assert before.with_fields(replace(before, due=due)).planned == before.due
    undated = replace(before, due=None)
    assert undated.with_fields(replace(undated, due=due)).planned == due


def test_a_time_that_a_zone_leaves_out_is_back_where_no_zone_leaves_it_out() -> None:
    there = task(due_date="2026-03-28T17:30:00Z", timezone="Asia/Tokyo")  # 02:30 on the 29th.
    moved = there.moved_to("Europe/Berlin")
    assert moved.due == moved.planned == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30.
    assert moved.moved_to("Europe/Paris").due == moved.due
    assert moved.moved_to("Asia/Tokyo") == there
    edited = moved.with_fields(replace(moved, title="Run", recurrence=None))
    assert edited.moved_to("Asia/Tokyo").due == there.due


TIMED = "FREQ=DAILY;BYHOUR=2;BYMINUTE=30"
IN_THE_GAP = {"text": "every day at 2:30 starting 2026-03-29"}


@pytest.mark.parametrize(
    ("more", "recurs"),
    [
        ({"recurrence": IN_THE_GAP, "due_date": None}, True),
        ({"recurrence": {"rule": TIMED}, "due_date": "2026-03-29T02:30:00+01:00"}, True),
        ({"recurrence": None, "due_date": "2026-03-29T02:30:00+01:00"}, False),
    ],
)
def test_a_task_that_is_made_at_a_time_left_out_where_it_is_has_it_elsewhere(
    more: dict[str, object], *, recurs: bool
) -> None:
    made = task(**more)
    assert made.due == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30.
    half_past_two = datetime(2026, 3, 28, 17, 30, tzinfo=UTC)
    moved = made.moved_to("Asia/Tokyo")
    assert (moved.due, moved.planned) == (half_past_two, half_past_two if recurs else None)
    plain = task(due_date=None, recurrence=None)
    edited = plain.with_fields(drafted(plain, more, NOW)).moved_to("Asia/Tokyo")
    assert edited.due == half_past_two
    fixed = task(**more, floating=False)
    assert fixed.with_fields(replace(fixed, floating=True)).moved_to("Asia/Tokyo").due != moved.due


@pytest.mark.parametrize("rule", ["weekly", "FREQ=HOURLY;INTERVAL=4"])
def test_a_task_whose_rule_has_no_time_of_its_own_goes_along_with_its_series(rule: str) -> None:
    due, recurrence = "2026-03-29T02:30:00+01:00", {"rule": rule}
    once = task(due_date=due, recurrence=None)
    recurring = once.with_fields(drafted(once, {"recurrence": recurrence}, NOW))
    for begun in (task(due_date=due, recurrence=recurrence), recurring):
        moved = begun.moved_to("Asia/Tokyo")
        assert moved.due == moved.planned == datetime(2026, 3, 28, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize("due", ["2026-03-29T01:30:00Z", "2026-03-29T03:30:00+02:00"])
def test_an_instant_names_no_time_that_is_left_out(due: str) -> None:
    moved = task(due_date=due).moved_to("Asia/Tokyo")
    assert moved.due == datetime(2026, 3, 28, 18, 30, tzinfo=UTC)


def test_a_time_that_a_person_gives_is_the_one_that_goes_along() -> None:
    moved = task(due_date="2026-03-28T17:30:00Z", timezone="Asia/Tokyo").moved_to("Europe/Berlin")
    later = moved.due + timedelta(days=1) if isinstance(moved.due, datetime) else None
    postponed = moved.with_fields(replace(moved, due=later)).moved_to("Asia/Tokyo")
    assert postponed.due == datetime(2026, 3, 29, 18, 30, tzinfo=UTC)
    assert postponed.planned == datetime(2026, 3, 28, 17, 30, tzinfo=UTC)
    fixed = moved.with_fields(replace(moved, floating=False))
    floating = fixed.with_fields(replace(fixed, floating=True)).moved_to("Asia/Tokyo")
    assert floating.due == floating.planned == datetime(2026, 3, 28, 18, 30, tzinfo=UTC)
