"""What a phrase makes of a task: its rule, and its due date where it has none."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Recurrence
from taskflow.tasks.drafts import DEFAULTS, drafted
from taskflow.tasks.model import Fields

# A Friday evening in Berlin, and Saturday already in Auckland.
NOW = datetime(2026, 3, 27, 18, 30, 5, tzinfo=UTC)


def task(text: str, recurrence: dict[str, Any] | None = None, **given: Any) -> Fields:
    wanted = {"text": text, **(recurrence or {})}
    fields: dict[str, Any] = {"title": "Odd", "timezone": "Europe/Berlin", "recurrence": wanted}
    return drafted(DEFAULTS, fields | given, NOW)


@pytest.mark.parametrize(
    ("text", "zone", "due"),
    [
        ("every day", "Europe/Berlin", date(2026, 3, 27)),
        ("every day", "Pacific/Auckland", date(2026, 3, 28)),
        ("every day at 9am", "Europe/Berlin", datetime(2026, 3, 28, 8, tzinfo=UTC)),
        # A time that the clock leaves out is moved forward by the gap.
        ("every sunday at 2:30", "Europe/Berlin", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("every monday at 9am", "Europe/Berlin", datetime(2026, 3, 30, 7, tzinfo=UTC)),
        ("every 31st", "Europe/Berlin", date(2026, 3, 31)),
        ("every 31st starting april", "Europe/Berlin", date(2026, 4, 30)),
        ("every other wednesday", "Europe/Berlin", date(2026, 4, 1)),
        ("every 4 hours", "Europe/Berlin", datetime(2026, 3, 27, 22, 31, tzinfo=UTC)),
        ("every! week", "Europe/Berlin", date(2026, 3, 27)),
    ],
)
def test_the_first_occurrence_is_the_due_date(text: str, zone: str, due: date | datetime) -> None:
    made = task(text, timezone=zone)
    assert (made.due, made.all_day) == (due, not isinstance(due, datetime))


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("every 4 years on feb 29", date(2028, 2, 29)),
        ("every 2 years on feb 29", date(2028, 2, 29)),
        ("every 4 years on feb 29 starting 2029-01-01", date(2032, 2, 29)),
        ("every 12 months on the 31st starting 2026-04-01", date(2026, 5, 31)),
        # Years and months between have the day, so that the first one may lack it.
        ("every year on feb 29", date(2027, 2, 28)),
        ("every 3 years on feb 29", date(2027, 2, 28)),
        ("every 2 months on the 31st starting 2026-04-01", date(2026, 4, 30)),
        ("every 2 months on the 31st skipping short months starting 2026-04-01", date(2026, 5, 31)),
    ],
)
def test_an_interval_begins_where_it_meets_the_day_that_is_said(text: str, due: date) -> None:
    assert task(text).due == due


def test_a_due_date_stands_and_gives_the_year_of_an_end() -> None:
    due = "2027-05-01T09:00:00Z"
    made = task("every monday until april", due_date=due)
    assert made.due == datetime.fromisoformat(due)
    assert made.recurrence == Recurrence(
        "FREQ=WEEKLY;BYDAY=MO", until="2028-04-30", month_end="clamp"
    )


def test_what_stands_beside_the_text_counts_too() -> None:
    made = task("every 31st", {"count": 3, "month_end": "skip", "mode": "completion"})
    assert made.recurrence == Recurrence(
        "FREQ=MONTHLY;BYMONTHDAY=31", "completion", None, 3, "skip"
    )


@pytest.mark.parametrize(
    ("text", "more", "position"),
    [
        ("every monday at 9am", {"all_day": True}, 13),
        ("every monday at 9am", {"due_date": "2026-04-01", "all_day": True}, 13),
        ("every monday starting april", {"due_date": "2026-05-01", "all_day": True}, 13),
        ("every monday starting 2026-03-01", {}, 13),
        ("every day until tomorrow", {"due_date": "2026-04-01", "all_day": True}, 16),
        ("every banana", {}, 6),
    ],
)
def test_what_does_not_fit_to_the_task_is_refused_at_its_place(
    text: str, more: dict[str, Any], position: int
) -> None:
    with pytest.raises(Invalid) as refused:
        task(text, **more)
    [error] = refused.value.errors
    assert (error.field, error.position) == ("recurrence.text", position)


def test_what_is_wrong_beside_the_text_keeps_its_name() -> None:
    with pytest.raises(Invalid) as refused:
        task("every day", {"until": "nonsense"})
    assert refused.value.errors[0].field == "recurrence.until"
