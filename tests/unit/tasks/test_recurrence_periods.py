"""Every example of RFC 5545 section 3.8.5.3 gives the dates that stand there, with little work."""

from datetime import UTC, datetime, time
from itertools import islice

import pytest
from dateutil.rrule import rruleset, rrulestr
from tests.rfc5545 import (
    EVERY_THREE_HOURS,
    EVERY_THREE_HOURS_BY_THE_LETTER,
    EXAMPLES,
    TOO_OFTEN,
    Example,
)

from taskflow.base.errors import Invalid
from taskflow.tasks import recurrence_periods
from taskflow.tasks.recurrence import Schedule, occurrences
from taskflow.tasks.recurrence_rules import parse_recurrence
from taskflow.tasks.zones import parse_zone

NEW_YORK = parse_zone("America/New_York")
START = datetime(1997, 9, 2, 9)  # noqa: DTZ001 - wall time


def walls(lines: str, start: datetime, limit: int) -> list[datetime]:
    schedule = Schedule(parse_recurrence({"rule": lines}), start, NEW_YORK, all_day=False)
    found = [one.at for one in occurrences(schedule, limit=limit)]
    return [at.astimezone(NEW_YORK) for at in found if isinstance(at, datetime)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.lines)
def test_an_example_of_the_rfc_gives_its_dates(example: Example) -> None:
    is_ended = "COUNT" in example.lines or "UNTIL" in example.lines
    found = walls(example.lines, example.begin, len(example.expected) + is_ended)
    assert [at.date() for at in found] == example.expected
    assert {at.time() for at in found} == {time(9)}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.lines)
def test_the_dates_are_those_of_an_independent_library_too(example: Example) -> None:
    lines = example.lines.replace(";TZID=America/New_York", "")
    begin = example.begin
    if "UNTIL" in lines:
        begin = begin.replace(tzinfo=NEW_YORK)
    found = rrulestr(lines, dtstart=begin, forceset=True)
    assert isinstance(found, rruleset)
    days = [at.date() for at in islice(found, len(example.expected))]
    assert days == example.expected


def test_every_three_hours_ends_with_until_which_is_an_instant() -> None:
    assert [at.hour for at in walls(EVERY_THREE_HOURS, START, 9)] == [9, 12, 15]
    assert [at.hour for at in walls(EVERY_THREE_HOURS_BY_THE_LETTER, START, 9)] == [9, 12]


@pytest.mark.parametrize("lines", TOO_OFTEN)
def test_what_recurs_more_often_than_hourly_is_refused(lines: str) -> None:
    with pytest.raises(Invalid, match="more often than hourly"):
        walls(lines, START, 1)


@pytest.mark.parametrize(
    ("hours", "zone", "start", "expected"),
    [
        ("2", "Europe/Berlin", "2026-10-25", ["02:00 +0200", "02:00 +0100"]),
        ("2,3", "Europe/Berlin", "2026-10-25", ["02:00 +0200", "02:00 +0100", "03:00 +0100"]),
        ("23,0", "Africa/Cairo", "2026-10-29T20:00", ["23:00 +0300", "23:00 +0200", "00:00 +0200"]),
    ],
)
def test_an_hour_that_comes_twice_is_due_twice(
    hours: str, zone: str, start: str, expected: list[str]
) -> None:
    rule, known = parse_recurrence({"rule": f"FREQ=HOURLY;BYHOUR={hours}"}), parse_zone(zone)
    schedule = Schedule(rule, datetime.fromisoformat(start), known, all_day=False)
    found = [one.at for one in occurrences(schedule, limit=len(expected))]
    shown = [f"{at.astimezone(known):%H:%M %z}" for at in found if isinstance(at, datetime)]
    assert shown == expected


@pytest.mark.parametrize(
    ("rule", "work"),
    [
        ("FREQ=HOURLY;COUNT=10000", 12_500),
        ("FREQ=HOURLY;BYHOUR=5;COUNT=1000", 6_000),
        ("FREQ=HOURLY;INTERVAL=5;BYHOUR=1,13,23;COUNT=1000", 13_000),
        ("FREQ=YEARLY;BYMONTH=3,4;BYSETPOS=1,-1;COUNT=1000", 10_000),
    ],
)
def test_hours_and_days_that_are_passed_over_cost_next_to_nothing(
    rule: str, work: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recurrence_periods, "MOST_WORK", work)
    schedule = Schedule(parse_recurrence({"rule": rule}), START, NEW_YORK, all_day=False)
    end = datetime(9500, 1, 1, tzinfo=UTC)
    assert occurrences(schedule, after=end) == []


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY",
        "FREQ=HOURLY;INTERVAL=7;BYMINUTE=5",
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3;BYHOUR=9,17",
        "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
        "FREQ=DAILY;BYMONTH=6,7",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR",
        "FREQ=MONTHLY;BYMONTHDAY=15,-1",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=FR",
        "FREQ=MONTHLY;INTERVAL=5;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    ],
)
def test_what_a_count_has_had_is_known_without_walking_there(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = parse_recurrence({"rule": f"{rule};COUNT=900"})
    schedule = Schedule(counted, START, NEW_YORK, all_day=False)
    whole = occurrences(schedule, limit=1_000)
    last = whole[-3].at
    assert isinstance(last, datetime)
    monkeypatch.setattr(recurrence_periods, "MOST_WORK", 300)
    assert occurrences(schedule, after=last, limit=9) == whole[-2:]
    assert occurrences(schedule, after=datetime(9500, 1, 1, tzinfo=UTC)) == []
