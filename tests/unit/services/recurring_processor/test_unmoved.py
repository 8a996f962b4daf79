"""A change of plan at an occurrence that its month or day lacks moves nothing after it."""

from datetime import date, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from taskflow.events import payloads
from taskflow.events.payloads import Recurrence, TaskEvent
from taskflow.services.recurring_processor import series
from taskflow.services.recurring_processor.anchoring import planned
from taskflow.services.recurring_processor.model import Chain, Missed
from taskflow.services.recurring_processor.patterns import pattern
from taskflow.services.recurring_processor.progress import overdue
from taskflow.tasks.drafts import DEFAULTS, drafted
from taskflow.tasks.instance_commands import Wish, drafted_instance
from taskflow.tasks.model import Actor, Task, new_task
from taskflow.tasks.recurrence import occurrences

USER, SERIES = uuid4(), uuid4()
ANN = Actor(USER, "user", str(USER), "Ann", "correlation")
NOW = datetime.fromisoformat("2024-01-01T08:00:00Z")
CLAMPED: dict[str, object] = {"due_date": "2027-01-31", "all_day": True, "timezone": "UTC"}
LEAP: dict[str, object] = {**CLAMPED, "due_date": "2024-02-29"}
GAPPED: dict[str, object] = {
    "due_date": "2027-03-27T02:30:00+01:00",
    "all_day": False,
    "timezone": "Europe/Berlin",
}
TIMED: dict[str, object] = {**GAPPED, "due_date": "2027-01-31T09:00:00+01:00"}
BEGINNINGS = {
    "clamped": ("monthly", CLAMPED, 1),
    "leap": ("yearly", LEAP, 3),
    "gapped": ("daily", GAPPED, 1),
    "timed": ("monthly", TIMED, 1),
}
EDITS: dict[str, dict[str, object]] = {
    "a policy": {"policy": "pile_up"},
    "an exception": {"exdates": ["2030-01-01"]},
    "a count": {"count": 40},
    "an end": {"until": "2040-01-01"},
}


def chained(beginning: str, *, count: int | None = None) -> tuple[Chain, Task]:
    """A series up to an occurrence that was moved, and that task."""
    rule, more, number = BEGINNINGS[beginning]
    wanted = {"title": "Pay", "recurrence": {"rule": rule, "count": count}, **more}
    task = replace(new_task(drafted(DEFAULTS, wanted, NOW), uuid4(), USER, NOW), series_id=SERIES)
    chain = taken(series.begin(task.state(), SERIES, NOW), task)
    for occurrence in occurrences(chain.series.schedule, limit=number + 1)[1:]:
        task = drafted_instance(Wish(ANN, pattern(chain.series), occurrence), NOW)
        chain = series.made(chain, occurrence, task.state(), Missed())
    return chain, task


def taken(chain: Chain, task: Task, *, restarts: bool = True) -> Chain:
    """The series after news of a task."""
    state = task.state()
    actor = payloads.Actor("user", str(USER), "Ann")
    event = TaskEvent(
        uuid4(), "task.updated", task.id, USER, actor, task.version, NOW, "c", None, state, {}
    )
    step = series.sighting(chain, event)
    assert step is not None
    return series.adopted(chain, step, state, restarts=restarts)


def edited(task: Task, changes: dict[str, object]) -> Task:
    """The task with another recurrence or zone, as a person writes it."""
    fields = drafted(task, changes, NOW)
    return task.with_fields(fields).next_version(NOW)


def recurrence(task: Task, changes: dict[str, object]) -> dict[str, object]:
    assert task.recurrence
    return {"recurrence": {**_given(task.recurrence), **changes}}


def _given(known: Recurrence) -> dict[str, object]:
    names = ("rule", "mode", "month_end", "policy", "count", "until")
    return {name: value for name in names if (value := getattr(known, name)) is not None}


def coming(chain: Chain, task: Task, limit: int = 30) -> list[Any]:
    """When what follows a task is due."""
    after = task.planned_at
    assert after is not None
    return [one.at for one in occurrences(chain.series.schedule, after=after, limit=limit)]


@pytest.mark.parametrize("restarts", [True, False])
@pytest.mark.parametrize("edit", sorted(EDITS))
@pytest.mark.parametrize("beginning", sorted(BEGINNINGS))
def test_an_edit_at_an_occurrence_that_was_moved_moves_none_that_follow(
    beginning: str, edit: str, *, restarts: bool
) -> None:
    chain, task = chained(beginning)
    limit = 10 if edit == "an end" else 30
    expected = coming(chain, task, limit)
    again: dict[str, object] = {"month_end": "clamp", "exdates": ["2031-01-01"]}
    for changes in (EDITS[edit], again):
        task = edited(task, recurrence(task, changes))
        chain = taken(chain, task, restarts=restarts)
        assert coming(chain, task, limit)[:10] == expected[:10]


@pytest.mark.parametrize("beginning", sorted(BEGINNINGS))
def test_an_edit_while_no_task_is_open_moves_none_that_follow(beginning: str) -> None:
    chain, task = chained(beginning)
    expected = coming(chain, task)
    planned_date = task.state().planned_date
    assert planned_date
    fields = drafted(replace(task), recurrence(task, {"policy": "pile_up"}), NOW)
    chain = planned(chain, fields, planned_date)
    assert chain.series.piles_up
    assert coming(chain, task) == expected


def test_another_zone_leaves_the_last_day_of_the_month() -> None:
    for beginning in ("clamped", "leap"):
        chain, task = chained(beginning)
        expected = coming(chain, task)
        task = edited(task, {"timezone": "Asia/Tokyo"})
        assert coming(taken(chain, task), task) == expected


def test_a_rule_that_begins_anew_keeps_the_day_and_the_time_that_were_meant() -> None:
    chain, task = chained("clamped")
    task = edited(task, recurrence(task, {"rule": "FREQ=MONTHLY;INTERVAL=2", "month_end": "clamp"}))
    found = coming(taken(chain, task), task, 3)
    assert found == [date(2027, 4, 30), date(2027, 6, 30), date(2027, 8, 31)]
    chain, task = chained("gapped")
    task = edited(task, recurrence(task, {"rule": "weekly"}))
    found = coming(taken(chain, task), task, 2)
    assert [f"{one:%m-%dT%H:%MZ}" for one in found] == ["04-04T00:30Z", "04-11T00:30Z"]


def test_a_date_that_a_person_gave_is_what_the_series_counts_from() -> None:
    chain, task = chained("clamped")
    fields = drafted(task, {"due_date": "2027-02-27"}, NOW)
    task = task.with_fields(fields, moves_series=True).next_version(NOW)
    assert coming(taken(chain, task), task, 2) == [date(2027, 3, 27), date(2027, 4, 27)]


@pytest.mark.parametrize("restarts", [True, False])
def test_another_time_on_the_last_day_of_the_month_leaves_the_day(*, restarts: bool) -> None:
    chain, task = chained("timed")
    fields = drafted(task, {"due_date": "2027-02-28T11:30:00+01:00"}, NOW)
    task = task.with_fields(fields, moves_series=True).next_version(NOW)
    found = coming(taken(chain, task, restarts=restarts), task, 3)
    assert [f"{one:%m-%dT%H:%MZ}" for one in found] == [
        "03-31T09:30Z",
        "04-30T09:30Z",
        "05-31T09:30Z",
    ]


@pytest.mark.parametrize("beginning", sorted(BEGINNINGS))
def test_a_count_goes_on_after_an_edit_and_one_that_is_changed_begins_at_the_task(
    beginning: str,
) -> None:
    chain, task = chained(beginning, count=9)
    expected = coming(chain, task)
    task = edited(task, recurrence(task, {"exdates": ["2050-01-01"]}))
    chain = taken(chain, task)
    assert coming(chain, task) == expected
    task = edited(task, recurrence(task, {"count": 4}))
    assert coming(taken(chain, task), task) == expected[:3]


def test_tasks_that_pile_up_go_on_after_the_one_that_was_edited() -> None:
    chain, task = chained("clamped")
    task = edited(task, recurrence(task, {"policy": "pile_up"}))
    chain = taken(chain, task).with_series(behind=2)
    due = overdue(chain, datetime.fromisoformat("2027-05-05T00:00:00Z"))
    assert [one.date for one in due.occurrences] == ["2027-03-31", "2027-04-30"]
    assert due.missed.number == 0


@given(
    st.dates(date(2023, 1, 29), date(2029, 12, 31)).filter(lambda day: day.day > 28),
    st.sampled_from(["monthly", "yearly", "FREQ=MONTHLY;INTERVAL=5", "FREQ=YEARLY;INTERVAL=3"]),
    st.lists(st.integers(0, 7), min_size=1, max_size=3),
)
def test_no_edit_ever_moves_a_day_of_the_month(first: date, rule: str, places: list[int]) -> None:
    wanted = {"title": "Pay", "due_date": first.isoformat(), "all_day": True}
    wanted |= {"recurrence": {"rule": rule, "month_end": "clamp"}}
    task = replace(new_task(drafted(DEFAULTS, wanted, NOW), uuid4(), USER, NOW), series_id=SERIES)
    chain = taken(series.begin(task.state(), SERIES, NOW), task)
    expected = occurrences(chain.series.schedule, limit=40)
    at = 0
    for number, place in enumerate(places):
        for occurrence in expected[at + 1 : at + place + 1]:
            task = drafted_instance(Wish(ANN, pattern(chain.series), occurrence), NOW)
            chain = series.made(chain, occurrence, task.state(), Missed())
        at += place
        task = edited(task, recurrence(task, {"exdates": [f"20{50 + number}-01-01"]}))
        chain = taken(chain, task)
        assert coming(chain, task, 8) == [one.at for one in expected[at + 1 : at + 9]]
