"""Where an open task comes to be due by a new rule: on its day or after it, and nowhere else."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from taskflow.events.payloads import Recurrence
from taskflow.services.recurring_processor.landing import landing
from taskflow.tasks.drafts import DEFAULTS

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
LONG_BEFORE = datetime(2026, 2, 1, tzinfo=UTC)


def landed(rule: str, now: datetime = LONG_BEFORE, due: datetime | date = MONDAY) -> str | None:
    recurrence = Recurrence(rule)
    is_day = not isinstance(due, datetime)
    fields = replace(DEFAULTS, recurrence=recurrence, due=due, all_day=is_day, timezone="UTC")
    found = landing(fields, now)
    return f"{found:%a %d %H:%M}" if found else None


@pytest.mark.parametrize(
    ("rule", "lands"),
    [
        ("FREQ=WEEKLY;BYDAY=FR;BYHOUR=17;BYMINUTE=0", "Fri 06 17:00"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "Fri 06 09:00"),
        ("FREQ=MONTHLY;BYMONTHDAY=1", "Wed 01 09:00"),
        ("FREQ=DAILY;BYHOUR=17;BYMINUTE=0", "Mon 02 17:00"),
        ("FREQ=DAILY;BYHOUR=8;BYMINUTE=0", "Mon 02 08:00"),
        ("FREQ=HOURLY;INTERVAL=5;BYHOUR=14,15", "Mon 02 14:00"),
    ],
)
def test_a_task_lands_on_the_first_day_and_time_that_a_rule_names(rule: str, lands: str) -> None:
    assert landed(rule) == lands


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;INTERVAL=2",
        "FREQ=WEEKLY;BYDAY=MO,FR",
        "FREQ=DAILY;BYHOUR=8,9;BYMINUTE=0",
        "FREQ=HOURLY;INTERVAL=5",
        "FREQ=MONTHLY",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31",
    ],
)
def test_a_task_stays_where_the_rule_has_it_or_gives_nothing(rule: str) -> None:
    assert landed(rule) is None


def test_a_task_does_not_land_at_an_earlier_time_that_is_past() -> None:
    earlier = "FREQ=DAILY;BYHOUR=8;BYMINUTE=0"
    assert landed(earlier, now=MONDAY.replace(hour=8, minute=30)) == "Tue 03 08:00"
    assert landed(earlier, now=MONDAY.replace(day=9)) == "Tue 03 08:00"


def test_a_day_lands_on_a_day() -> None:
    assert landed("FREQ=WEEKLY;BYDAY=FR", due=date(2026, 3, 2)) == "Fri 06 00:00"


def test_a_moment_between_two_seconds_is_due_by_the_rule() -> None:
    assert landed("FREQ=WEEKLY;BYDAY=MO", due=MONDAY.replace(microsecond=5)) is None
