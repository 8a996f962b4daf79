"""What a person writes of a recurrence, a zone and a reminder: kept in one form, or refused."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Reminder
from taskflow.tasks.drafts import DEFAULTS, REMINDER_YEARS, drafted

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
WEEKLY: dict[str, Any] = {
    "title": "Water",
    "due_date": "2026-03-02T08:00:00Z",
    "timezone": "Europe/Berlin",
    "recurrence": {"rule": "weekly", "exdates": ["2026-03-09T08:00:00Z"]},
}


def test_exceptions_are_kept_as_wall_times_of_the_task() -> None:
    fields = drafted(DEFAULTS, WEEKLY, NOW)
    assert fields.recurrence is not None
    assert fields.recurrence.exdates == ("2026-03-09T09:00:00",)


def test_another_zone_moves_them_as_it_moves_the_due_date() -> None:
    moved = drafted(drafted(DEFAULTS, WEEKLY, NOW), {"timezone": "Asia/Tokyo"}, NOW)
    assert moved.recurrence is not None
    assert moved.recurrence.exdates == ("2026-03-09T17:00:00",)


def test_the_end_moves_with_the_due_date_but_not_that_of_whole_days() -> None:
    until = {"recurrence": {"rule": "weekly", "until": "2026-03-16T09:00:00"}}
    for more, moved in ((WHOLE, "2026-03-16T09:00:00"), ({}, "2026-03-16T17:00:00")):
        known = drafted(DEFAULTS, WEEKLY | until | more, NOW)
        after = drafted(known, {"timezone": "Asia/Tokyo"}, NOW)
        assert after.recurrence is not None
        assert after.recurrence.until == moved


def test_whole_days_have_days_as_exceptions() -> None:
    whole = {"all_day": True, "due_date": "2026-03-02"}
    fields = drafted(drafted(DEFAULTS, WEEKLY, NOW), whole, NOW)
    assert fields.recurrence is not None
    assert fields.recurrence.exdates == ("2026-03-09",)


WHOLE: dict[str, Any] = {"all_day": True, "due_date": "2026-03-02"}


@pytest.mark.parametrize("rule", ["FREQ=DAILY;BYHOUR=9", "FREQ=HOURLY", "FREQ=DAILY;BYSECOND=0"])
def test_a_rule_within_the_day_is_refused_for_whole_days_whichever_comes_last(rule: str) -> None:
    inside = {"recurrence": {"rule": rule}}
    timed, whole = drafted(DEFAULTS, WEEKLY | inside, NOW), drafted(DEFAULTS, WEEKLY | WHOLE, NOW)
    for base, given in ((timed, {"all_day": True}), (whole, inside), (DEFAULTS, inside | WHOLE)):
        with pytest.raises(Invalid, match=r"recurrence\.rule: says when in the day"):
            drafted(base, given, NOW)


def test_a_phrase_with_a_time_does_not_become_one_of_whole_days_afterwards() -> None:
    said = drafted(DEFAULTS, {"title": "Wash", "recurrence": {"text": "every day at 9am"}}, NOW)
    with pytest.raises(Invalid, match=r"recurrence\.rule"):
        drafted(said, {"all_day": True}, NOW)


def test_a_zone_of_its_own_ends_the_floating() -> None:
    ends = {"recurrence": {"rule": "weekly", "until": "2026-03-16T08:00:00Z"}}
    floating = drafted(DEFAULTS, {**WEEKLY, **ends, "floating": True}, NOW)
    assert floating.recurrence is not None
    assert floating.recurrence.until == "2026-03-16T09:00:00"
    assert floating.floating
    assert drafted(floating, {"title": "Wash"}, NOW).floating
    assert not drafted(floating, {"timezone": "Europe/Berlin"}, NOW).floating


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"recurrence": {"rule": "daily", "until": "2026-03-01"}}, "recurrence.until", "before"),
        (
            {"recurrence": {"rule": "FREQ=DAILY;UNTIL=20260302T075959Z"}},
            "recurrence.until",
            "before the start",
        ),
        (
            {"recurrence": {"rule": "daily", "until": "2026-03-02T08:59:59"}},
            "recurrence.until",
            "before the start",
        ),
        ({"recurrence": {"rule": "daily", "count": 0}}, "recurrence.count", "from 1 to"),
        ({"recurrence": {"rule": "FREQ=DAILY;COUNT=0"}}, "recurrence.rule", "from 1 to"),
        (
            {"recurrence": {"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}},
            "recurrence.rule",
            "never occurs",
        ),
        ({"recurrence": {"rule": "FREQ=MINUTELY"}}, "recurrence.rule", "more often than hourly"),
        (
            {"recurrence": {"rule": "FREQ=HOURLY;INTERVAL=24;BYHOUR=5"}, "timezone": "UTC"},
            "recurrence.rule",
            "too long",
        ),
        ({"recurrence": {"rule": "x" * 10_000}}, "recurrence.rule", "at most"),
        ({"timezone": "Mars/Olympus"}, "timezone", "is not the name"),
        (
            {"reminders": [Reminder(at=datetime(2076, 3, 1, tzinfo=UTC))]},
            "reminders[0].at",
            f"within {REMINDER_YEARS} years",
        ),
        ({"reminders": [Reminder(offset="PT440000H")]}, "reminders[0].offset", "ISO 8601"),
        ({"reminders": [Reminder(offset="P50Y")]}, "reminders[0].offset", "ISO 8601"),
    ],
)
def test_what_cannot_be_gets_a_clear_answer(given: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(Invalid) as caught:
        drafted(DEFAULTS, WEEKLY | given, NOW)
    assert caught.value.errors[0].field == field
    assert says in caught.value.errors[0].message


@pytest.mark.parametrize(
    ("until", "kept"),
    [
        ("20260302", "2026-03-02"),
        ("2026-03-02T09:00:00", "2026-03-02T09:00:00"),
        ("20260309T100000+0200", "2026-03-09T08:00:00Z"),
    ],
)
def test_until_may_be_a_day_a_wall_time_or_an_instant(until: str, kept: str) -> None:
    fields = drafted(DEFAULTS, WEEKLY | {"recurrence": {"rule": "weekly", "until": until}}, NOW)
    assert fields.recurrence is not None
    assert fields.recurrence.until == kept


def test_a_reminder_that_was_there_may_lie_as_far_off_as_it_does() -> None:
    far = Reminder(at=datetime(2076, 3, 1, tzinfo=UTC))
    kept = drafted(DEFAULTS, WEEKLY | {"reminders": [far]}, NOW, known_reminders=[far])
    assert kept.reminders == (far,)


def test_what_recurs_no_more_may_be_written_again_as_it_is() -> None:
    rule = {"rule": "daily", "until": "2026-03-04"}
    known = drafted(DEFAULTS, {**WEEKLY, "recurrence": rule}, NOW)
    late = replace(known, due=datetime(2026, 3, 9, 8, tzinfo=UTC))
    assert drafted(late, {"recurrence": rule, "due_date": "2026-03-09T08:00:00Z"}, NOW) == late
    with pytest.raises(Invalid):
        drafted(late, {"recurrence": rule, "due_date": "2026-03-10T08:00:00Z"}, NOW)
