"""A rule goes along with a date where it names the one day or time that this moves."""

from datetime import UTC, datetime

import pytest

from taskflow.services.recurring_processor.along import moved

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
THURSDAY = datetime(2026, 3, 5, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;BYDAY=TH"),
        ("FREQ=DAILY;BYHOUR=9;BYMINUTE=0", "FREQ=DAILY;BYHOUR=16;BYMINUTE=30"),
        ("FREQ=MONTHLY;BYDAY=1MO;BYHOUR=9", "FREQ=MONTHLY;BYDAY=1MO;BYHOUR=16"),
        ("FREQ=WEEKLY;INTERVAL=2", "FREQ=WEEKLY;INTERVAL=2"),
        ("FREQ=MONTHLY;BYMONTHDAY=2", "FREQ=MONTHLY;BYMONTHDAY=5"),
        ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=2", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=5"),
    ],
)
def test_the_one_day_or_time_that_a_task_has_moves_with_it(rule: str, expected: str) -> None:
    assert moved(rule, MONDAY, THURSDAY) == expected


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY;BYDAY=MO,TU",
        "FREQ=WEEKLY;BYDAY=TU",
        "FREQ=MONTHLY;BYMONTHDAY=2,15",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYMONTHDAY=2;BYDAY=MO",
        "FREQ=YEARLY;BYMONTHDAY=2",
        "FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0",
        "FREQ=DAILY;BYHOUR=10;BYMINUTE=0",
        "FREQ=DAILY;BYHOUR=9;BYMINUTE=30",
        "FREQ=HOURLY;BYHOUR=9",
    ],
)
def test_of_several_days_or_times_and_of_others_none_moves(rule: str) -> None:
    assert moved(rule, MONDAY, THURSDAY) == rule
