"""A task as a value: what it becomes, and what stays of it."""

from datetime import UTC, date, datetime
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
