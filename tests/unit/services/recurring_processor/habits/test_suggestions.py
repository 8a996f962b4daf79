"""What is proposed to somebody with a habit: when it is due, at what time, and why."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace
from tests.unit.services.recurring_processor.test_pattern_detector import NOW, TUESDAY, done, every

from taskflow.services.recurring_processor.habits.suggestions import Suggestion, suggestion_of
from taskflow.services.recurring_processor.pattern_detector import PastTask, detect
from taskflow.tasks.drafts import DEFAULTS, drafted
from taskflow.tasks.recurrence_rules import parse_recurrence


def suggested(tasks: list[PastTask], now: datetime = NOW) -> Suggestion:
    (habit,) = detect(tasks, now)
    return suggestion_of(habit)


def at(hours: list[int], zone: str = "UTC") -> list[PastTask]:
    """A weekly habit, done at these hours in turn."""
    return [
        replace(
            task,
            timezone=zone,
            completed_at=datetime.combine(day, time(hours[number % len(hours)], 4), UTC),
        )
        for number, (day, task) in enumerate(zip(every(7, 9), done(every(7, 9)), strict=True))
    ]


def test_it_is_like_the_last_task_of_it() -> None:
    tasks = done(every(7, 9))
    tasks[-1] = replace(tasks[-1], title="water PLANTS", priority="high", tags=("home",))
    found = suggested(tasks)
    assert (found.title, found.priority, found.tags) == ("water PLANTS", "high", ("home",))


def test_it_is_due_at_the_usual_time_of_day() -> None:
    assert suggested(at([9, 9, 10])).at == time(9)
    assert suggested(at([23, 0, 23, 23])).at == time(23)


def test_without_a_usual_time_it_is_due_all_day() -> None:
    found = suggested(at([3, 8, 13, 18, 22]))
    assert found.at is None
    assert found.draft(NOW)["all_day"]
    assert found.draft(NOW)["due_date"] == "2026-03-03"


def test_a_time_at_which_most_were_due_counts_more_than_when_they_were_done() -> None:
    tasks = [replace(task, due_date="2026-01-05T16:30:00Z") for task in at([9])]
    assert suggested(tasks).at == time(16, 30)


def test_the_next_time_follows_the_zone_of_the_tasks() -> None:
    found = suggested(at([9], "Europe/Berlin"))
    (coming,) = found.coming(NOW)
    assert (found.at, coming.at) == (time(10), datetime(2026, 3, 3, 9, tzinfo=UTC))


def test_what_is_due_today_and_not_done_yet_comes_today() -> None:
    found = replace(suggested(done(every(7, 9))), at=None)
    morning = datetime(2026, 3, 3, 7, tzinfo=UTC)
    assert found.coming(morning)[0].at == date(2026, 3, 3)
    today = replace(
        suggested(done([*every(7, 9), date(2026, 3, 3)]), morning + timedelta(1)), at=None
    )
    assert today.coming(morning)[0].at == date(2026, 3, 10)


def test_what_was_done_today_comes_next_time_whatever_its_usual_hour() -> None:
    days = [*every(7, 9), date(2026, 3, 3)]
    tasks = [replace(one, due_date="2026-01-05T21:00:00Z") for one in done(days)]
    noon = datetime(2026, 3, 3, 12, tzinfo=UTC)
    found = suggested(tasks, noon)
    assert found.at == time(21)
    assert found.coming(noon)[0].at == datetime(2026, 3, 10, 21, tzinfo=UTC)
    assert found.draft(noon)["due_date"] == "2026-03-10T21:00:00Z"


@pytest.mark.parametrize("at", [None, time(21)])
def test_what_was_done_a_day_early_is_not_due_again_on_its_day(at: time | None) -> None:
    offsets = [0, 0, 1, 0, 0, -1, 0, 0, 1, 0, 0, 0, 0, -1]
    slots = [*every(7, 13), date(2026, 3, 3)]
    days = [day + timedelta(days=off) for day, off in zip(slots, offsets, strict=True)]
    found = replace(suggested(done(days)), at=at)
    assert found.recurrence.rule == "FREQ=WEEKLY;BYDAY=TU"
    coming = found.coming(NOW)[0].at
    assert (coming.date() if isinstance(coming, datetime) else coming) == date(2026, 3, 10)


@pytest.mark.parametrize("days", [1, 3, 7, 14, 30])
def test_its_draft_is_a_valid_task_that_is_due_in_the_future(days: int) -> None:
    draft = suggested(done(every(days, 25, TUESDAY + timedelta(days=6)))).draft(NOW)
    fields = drafted(DEFAULTS, draft, NOW)
    assert fields.recurrence == parse_recurrence(draft["recurrence"])  # type: ignore[arg-type]
    assert isinstance(fields.due, datetime)
    assert fields.due > NOW


def test_the_reasons_tell_what_was_seen_and_how_rare_it_is_by_chance() -> None:
    kept = [day for number, day in enumerate(every(7, 14)) if number != 5]
    why = suggested(done([*kept, TUESDAY - timedelta(days=3)])).why
    assert why.startswith(
        "Done 13 of the 14 times that it was due since 25 November 2025, and on 1 other day. "
        "Days drawn at random would look so regular less than once in "
    )
    assert "1,000,000 cases" in suggested(done(every(7, 30))).why


def test_what_is_early_or_late_at_times_is_said_to_be() -> None:
    offsets = [0, 1, 0, -1, 0, 0, 1, 0, 0, -1, 0, 1, 0, 0, 0, 1, 0, 0, -1, 0]
    days = [day + timedelta(days=off) for day, off in zip(every(7, 20), offsets, strict=True)]
    assert ", at most a day early or late." in suggested(done(days)).why


def test_what_is_only_written_down_is_said_to_be() -> None:
    tasks = [
        PastTask(uuid4(), "Water", "UTC", datetime.combine(day, time(9), UTC), None)
        for day in every(7, 9)
    ]
    assert suggested(tasks).why.startswith("Written down 9 of the 9 times")
