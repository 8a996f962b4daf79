"""What counts from completion: so many units after it was done, whenever that was."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from taskflow.base.errors import Invalid
from taskflow.tasks.recurrence import Occurrence, Schedule
from taskflow.tasks.recurrence_completion import next_after_completion
from taskflow.tasks.recurrence_rules import parse_recurrence
from taskflow.tasks.zones import parse_zone

BERLIN = parse_zone("Europe/Berlin")
START = datetime(2026, 1, 5, 9)  # noqa: DTZ001 - wall time


def after(
    rule: str, done: datetime, made: int = 1, *, all_day: bool = False, **more: Any
) -> Occurrence | None:
    recurrence = parse_recurrence({"rule": rule, "mode": "completion", **more})
    return next_after_completion(Schedule(recurrence, START, BERLIN, all_day), done, made)


@pytest.mark.parametrize(
    ("rule", "done", "expected"),
    [
        ("custom:3d", "2026-02-10T20:00:00", "2026-02-13T09:00"),
        ("weekly", "2026-02-10T20:00:00", "2026-02-17T09:00"),
        ("monthly", "2026-01-31T20:00:00", "2026-02-28T09:00"),
        ("monthly", "2026-02-28T20:00:00", "2026-03-28T09:00"),
        ("yearly", "2024-02-29T20:00:00", "2025-02-28T09:00"),
        ("custom:5h", "2026-02-10T20:07:31", "2026-02-11T01:07"),
        # Over a change of the clocks: days by the wall, hours as they pass.
        ("daily", "2026-03-28T20:00:00", "2026-03-29T09:00"),
        ("custom:24h", "2026-03-28T20:00:00", "2026-03-29T21:00"),
        # Where the rule names a moment, the first one from there on.
        ("FREQ=WEEKLY;BYDAY=MO", "2026-02-10T20:00:00", "2026-02-23T09:00"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "2026-02-10T20:00:00", "2026-03-02T09:00"),
        ("FREQ=MONTHLY;INTERVAL=3;BYDAY=1MO", "2026-01-20T20:00:00", "2026-05-04T09:00"),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-31T20:00:00", "2026-03-31T09:00"),
        ("monthly:31", "2026-01-31T20:00:00", "2026-02-28T09:00"),
        # The day that it was done on is nobody's wish: a month that lacks it ends no series.
        ("FREQ=YEARLY;BYMONTH=6", "2026-01-31T20:00:00", "2027-06-30T09:00"),
        ("FREQ=MONTHLY;BYMONTH=2,4", "2026-05-31T20:00:00", "2027-02-28T09:00"),
        ("FREQ=DAILY;BYMONTH=3", "2026-02-10T20:00:00", "2026-03-01T09:00"),
        ("FREQ=DAILY;BYHOUR=7,19;BYMINUTE=30", "2026-02-10T20:00:00", "2026-02-11T07:30"),
        ("FREQ=DAILY;INTERVAL=3;BYHOUR=17;BYMINUTE=30", "2026-02-10T20:00:00", "2026-02-13T17:30"),
        ("FREQ=DAILY;INTERVAL=3;BYHOUR=0;BYMINUTE=0", "2026-02-10T20:00:00", "2026-02-13T00:00"),
        ("FREQ=WEEKLY;BYDAY=TU;BYHOUR=7;BYMINUTE=0", "2026-02-10T20:00:00", "2026-02-17T07:00"),
    ],
)
def test_one_interval_after_it_was_done(rule: str, done: str, expected: str) -> None:
    found = after(rule, datetime.fromisoformat(done).replace(tzinfo=BERLIN).astimezone(UTC))
    assert found is not None
    assert isinstance(found.at, datetime)
    assert f"{found.at.astimezone(BERLIN):%Y-%m-%dT%H:%M}" == expected


def test_what_was_done_long_ago_counts_from_then() -> None:
    found = after("weekly", datetime(2001, 1, 1, 12, tzinfo=UTC), all_day=True)
    assert found is not None
    assert found.at == date(2001, 1, 8)


@pytest.mark.parametrize("unit", ["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
@pytest.mark.parametrize(
    "done", [datetime(2026, 2, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
def test_the_longest_interval_and_the_calendars_end_do_no_harm(unit: str, done: datetime) -> None:
    found = after(f"FREQ={unit};INTERVAL=10000", done)
    is_over = unit == "YEARLY" or done.year > 9000
    assert (found is None) == is_over
    if found is not None:
        assert isinstance(found.at, datetime)
        assert found.at > done + timedelta(hours=9_999)


def test_count_and_until_end_it() -> None:
    done = datetime(2026, 2, 10, 20, tzinfo=UTC)
    assert after("daily", done, made=3, count=3) is None
    assert after("daily", done, made=2, count=3) is not None
    assert after("daily", done, until="2026-02-10") is None
    assert after("daily", done, until="2026-02-11") is not None


@pytest.mark.parametrize("field", ["exdates", "rdates"])
def test_dates_stand_beside_a_schedule_alone(field: str) -> None:
    with pytest.raises(Invalid, match=f"recurrence.{field}: stand beside a schedule"):
        parse_recurrence({"rule": "daily", "mode": "completion", field: ["2026-02-03"]})
