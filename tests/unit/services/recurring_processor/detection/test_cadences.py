"""Rules are due when their RRULE says, and the right one is among those that are tried."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskflow.events.payloads import Recurrence
from taskflow.services.recurring_processor.detection import cadences as module
from taskflow.services.recurring_processor.detection.cadences import Cadence, cadences, nth_of_month
from taskflow.tasks.recurrence import Schedule, occurrences
from taskflow.tasks.recurrence_rules import parse_recurrence
from taskflow.tasks.zones import parse_zone

FIRST = date(2025, 1, 1).toordinal()
DAYS = st.lists(st.integers(FIRST, FIRST + 900), min_size=4, max_size=60, unique=True).map(sorted)


def days_of(rule: str, start: str, count: int, month_end: str = "skip") -> list[int]:
    recurrence = parse_recurrence({"rule": rule, "month_end": month_end})
    begin = datetime.combine(date.fromisoformat(start), time())
    schedule = Schedule(recurrence, begin, parse_zone("UTC"), all_day=True)
    found = [one.at for one in occurrences(schedule, limit=count)]
    return [day.toordinal() for day in found]


RULES = [
    ("FREQ=DAILY", "skip"),
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "skip"),
    ("FREQ=WEEKLY;BYDAY=TU", "skip"),
    ("FREQ=WEEKLY;BYDAY=MO,WE,SA", "skip"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "skip"),
    ("FREQ=WEEKLY;INTERVAL=4;BYDAY=SU", "skip"),
    ("FREQ=DAILY;INTERVAL=3", "skip"),
    ("FREQ=DAILY;INTERVAL=10", "skip"),
    ("FREQ=MONTHLY;BYMONTHDAY=15", "skip"),
    ("FREQ=MONTHLY;BYMONTHDAY=30", "clamp"),
    ("FREQ=MONTHLY;BYMONTHDAY=-1", "skip"),
    ("FREQ=MONTHLY;BYDAY=2WE", "skip"),
    ("FREQ=MONTHLY;BYDAY=-1FR", "skip"),
    ("FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=4", "skip"),
]


@pytest.mark.parametrize(("rule", "month_end"), RULES)
def test_a_rule_is_proposed_for_its_own_days(rule: str, month_end: str) -> None:
    days = days_of(rule, "2025-01-02", 14, month_end)
    same = [
        one
        for one in cadences(days)
        if (one.recurrence.rule, one.recurrence.month_end) == (rule, month_end)
        and one.recurrence.mode == "schedule"
    ]
    assert same
    assert set(days) <= set(same[0].slots)


@given(DAYS)
def test_what_is_proposed_is_due_when_its_rule_says(days: list[int]) -> None:
    for cadence in cadences(days):
        slots = list(cadence.slots)
        assert slots == sorted(set(slots))
        if cadence.recurrence.mode == "schedule" and "DAILY;" not in cadence.recurrence.rule:
            assert slots[1:6] == by_the_engine(cadence, slots[0], 5)[: len(slots[1:6])]


def by_the_engine(cadence: Cadence, start: int, count: int) -> list[int]:
    begin = datetime.combine(date.fromordinal(start), time())
    schedule = Schedule(cadence.recurrence, begin, parse_zone("UTC"), all_day=True)
    after = begin.replace(tzinfo=UTC) + timedelta(seconds=1)
    return [one.at.toordinal() for one in occurrences(schedule, after=after, limit=count)]


@given(DAYS)
def test_due_days_lie_further_apart_than_twice_the_tolerance(days: list[int]) -> None:
    for cadence in cadences(days):
        slots = list(cadence.slots)
        gaps = [later - earlier for earlier, later in pairwise(slots)]
        if cadence.recurrence.mode == "schedule":
            assert all(gap > 2 * cadence.tolerance for gap in gaps)
        assert all(gap >= 1 for gap in gaps)


def test_all_that_could_be_proposed_has_no_more_than_all_belief() -> None:
    shares = [getattr(module, name) for name in dir(module) if name.endswith("_SHARE")]
    assert len(shares) == 9
    assert sum(shares) <= 1


def test_a_rule_is_written_as_it_is_kept() -> None:
    for rule, month_end in RULES:
        for one in cadences(days_of(rule, "2025-01-02", 14, month_end)):
            assert parse_recurrence({"rule": one.recurrence.rule}).rule == one.recurrence.rule


def test_an_interval_that_drifts_counts_from_the_last_time() -> None:
    days = [FIRST + offset for offset in (0, 11, 20, 31, 41, 50)]
    drifting = [one for one in cadences(days) if one.recurrence.mode == "completion"]
    assert Recurrence("FREQ=DAILY;INTERVAL=10", "completion") in [
        one.recurrence for one in drifting
    ]
    assert list(drifting[0].slots) == days


@pytest.mark.parametrize(
    ("ordinal", "weekday", "day"), [(1, 6, 1), (2, 0, 9), (-1, 5, 28), (-1, 6, 22)]
)
def test_the_nth_weekday_of_a_month(ordinal: int, weekday: int, day: int) -> None:
    assert nth_of_month((2026, 2), ordinal, weekday) == date(2026, 2, day).toordinal()
