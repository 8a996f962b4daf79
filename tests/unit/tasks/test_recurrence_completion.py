"""What counts from completion is shown as it comes when each is done in time, and says why."""

from datetime import UTC, datetime
from typing import Any

import pytest

from taskflow.base.errors import Invalid
from taskflow.tasks.recurrence import Occurrence, Schedule
from taskflow.tasks.recurrence_completion import done_in_time, next_after_completion
from taskflow.tasks.recurrence_rules import parse_recurrence
from taskflow.tasks.zones import parse_zone

BERLIN = parse_zone("Europe/Berlin")
NO_31ST = "there is no day 31 in this month; its last day is meant"


def schedule(rule: str, start: str, *, all_day: bool = False, **more: Any) -> Schedule:
    recurrence = parse_recurrence({"rule": rule, "mode": "completion", **more})
    return Schedule(recurrence, datetime.fromisoformat(start), BERLIN, all_day)


def walls(found: list[Occurrence]) -> list[str]:
    return [
        f"{one.at.astimezone(BERLIN):%m-%d %H:%M}" for one in found if isinstance(one.at, datetime)
    ]


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("FREQ=MONTHLY", "2026-01-31T09:00", ["01-31 09:00", "02-28 09:00", "03-28 09:00"]),
        ("monthly:31", "2026-01-31T09:00", ["01-31 09:00", "02-28 09:00", "03-31 09:00"]),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU",
            "2026-04-06T09:00",
            ["04-06 09:00", "04-20 09:00", "05-04 09:00"],
        ),
        ("custom:5h", "2026-03-28T20:30", ["03-28 20:30", "03-29 01:30", "03-29 07:30"]),
    ],
)
def test_each_counts_from_the_one_before_it(rule: str, start: str, expected: list[str]) -> None:
    assert walls(done_in_time(schedule(rule, start), after=None, limit=3)) == expected


@pytest.mark.parametrize(
    ("rule", "start", "reason"),
    [
        (
            "FREQ=MONTHLY",
            "2026-01-31T09:00",
            "there is no day 31 in this month; its last day is meant",
        ),
        (
            "monthly:31",
            "2026-01-31T09:00",
            "there is no day 31 in this month; its last day is meant",
        ),
        ("yearly", "2028-02-29T09:00", "there is no day 29 in this month; its last day is meant"),
        ("daily", "2026-03-28T02:30", "02:30 does not exist on this day; moved forward to 03:30"),
        ("weekly", "2026-10-18T02:30", "02:30 happens twice on this day; the first is meant"),
        ("monthly", "2026-01-28T09:00", None),
        ("FREQ=MONTHLY;BYDAY=2MO", "2026-08-31T09:00", None),
        ("FREQ=DAILY;INTERVAL=28", "2026-01-31T09:00", None),
    ],
)
@pytest.mark.parametrize("all_day", [False, True])
def test_what_is_not_plain_has_its_reason(
    rule: str, start: str, reason: str | None, *, all_day: bool
) -> None:
    known = schedule(rule, start[:10] if all_day else start, all_day=all_day)
    first, second = done_in_time(known, after=None, limit=2)
    assert first.reason is None
    assert second.reason == (None if all_day and ":30" in start else reason)


def test_a_count_and_an_end_hold_and_what_lies_before_is_passed_over() -> None:
    counted = schedule("daily", "2026-01-05T09:00", count=3)
    assert len(done_in_time(counted, after=None, limit=9)) == 3
    (last,) = done_in_time(counted, after=datetime(2026, 1, 6, 8, tzinfo=UTC), limit=9)
    assert last.date == "2026-01-07"
    assert (
        len(
            done_in_time(
                schedule("daily", "2026-01-05T09:00", until="2026-01-06"), after=None, limit=9
            )
        )
        == 2
    )


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY", "FREQ=MONTHLY", "FREQ=HOURLY;BYDAY=MO", "FREQ=YEARLY;BYMONTH=6"]
)
def test_as_many_as_a_preview_asks_for_are_found(rule: str) -> None:
    assert len(done_in_time(schedule(rule, "2026-01-05T09:00"), after=None, limit=500)) == 500


def test_what_takes_too_long_to_follow_is_refused() -> None:
    far = datetime(2100, 1, 1, tzinfo=UTC)
    with pytest.raises(Invalid, match="takes too long"):
        done_in_time(schedule("hourly", "2026-01-05T09:00"), after=far, limit=1)


def test_an_interval_after_the_last_day_of_a_month_says_what_became_of_that_day() -> None:
    done = datetime(2026, 3, 31, 12, tzinfo=UTC)
    found = next_after_completion(schedule("monthly", "2026-01-05T09:00"), done, made=1)
    assert found is not None
    assert (found.date, found.reason) == (
        "2026-04-30",
        "there is no day 31 in this month; its last day is meant",
    )
