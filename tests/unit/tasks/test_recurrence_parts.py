"""Recorded vectors, on which libraries agree that are no kin of one another, and of us.

Each vector names those that gave its dates: python-dateutil (asked again here), ical.js (asked
again by the page's tests), and libical 3.0.16. At least two did, dateutil among them; what they do
not agree on is no vector.
"""

import json
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from dateutil.rrule import rrulestr

from taskflow.base.errors import Invalid
from taskflow.tasks.recurrence import Schedule, occurrences
from taskflow.tasks.recurrence_parts import split
from taskflow.tasks.recurrence_rules import parse_recurrence
from taskflow.tasks.zones import parse_zone

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "recurrence.json").read_text()
)


def test_the_vectors_are_of_every_frequency_and_part() -> None:
    rules = " ".join(vector["rule"] for vector in VECTORS)
    for name in ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"):
        assert f"FREQ={name}" in rules
    for name in ("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY", "BYHOUR", "BYSETPOS"):
        assert f"{name}=" in rules
    assert all({"python-dateutil"} < set(vector["agreed_by"]) for vector in VECTORS)


def test_we_agree_with_every_vector() -> None:
    for vector in VECTORS:
        start = datetime.fromisoformat(vector["start"])
        schedule = Schedule(
            parse_recurrence({"rule": vector["rule"]}), start, parse_zone("UTC"), all_day=False
        )
        found = occurrences(schedule, limit=len(vector["occurrences"]))
        instants = [one.at for one in found]
        expected = [datetime.fromisoformat(at) for at in vector["occurrences"]]
        assert instants == [at.replace(tzinfo=UTC) for at in expected], vector


def test_dateutil_agrees_with_every_vector() -> None:
    for vector in VECTORS:
        start = datetime.fromisoformat(vector["start"])
        found = islice(rrulestr(vector["rule"], dtstart=start), len(vector["occurrences"]))
        assert [at.isoformat() for at in found] == vector["occurrences"], vector


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY cannot stand in a WEEKLY rule"),
        ("FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY cannot stand in a DAILY rule"),
        ("FREQ=WEEKLY;BYYEARDAY=1", "BYYEARDAY cannot stand in a WEEKLY rule"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY cannot stand in a MONTHLY rule"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO cannot stand in a MONTHLY rule"),
        ("FREQ=HOURLY;BYWEEKNO=1", "BYWEEKNO cannot stand in a HOURLY rule"),
        ("FREQ=WEEKLY;BYDAY=1MO", "a weekday has no ordinal in this rule"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "a weekday has no ordinal in this rule"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS needs another BY part"),
        ("FREQ=YEARLY;BYDAY=54MO", "BYDAY takes nothing like"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR takes numbers from 0 to 23"),
        ("FREQ=DAILY;BYHOUR=-1", "BYHOUR takes numbers from 0 to 23"),
        ("FREQ=DAILY;BYSECOND=61", "BYSECOND takes numbers from 0 to 60"),
        ("FREQ=DAILY;BYSECOND=0,60", "more often than hourly"),
        ("FREQ=DAILY;BYSECOND=0,30", "more often than hourly"),
        ("FREQ=HOURLY;BYMINUTE=0,30", "more often than hourly"),
        ("FREQ=DAILY;INTERVAL=10001", "INTERVAL must be from 1 to 10000"),
        ("INTERVAL=2", "FREQ is missing"),
    ],
)
def test_parts_stand_only_where_the_rfcs_table_has_them(rule: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        split(rule)


@pytest.mark.parametrize("seconds", ["60", "59,60"])
def test_a_leap_second_is_the_one_before_it(seconds: str) -> None:
    assert split(f"FREQ=DAILY;BYSECOND={seconds}")["BYSECOND"] == "59"
    recurrence = parse_recurrence(
        {
            "rule": f"FREQ=HOURLY;BYSECOND={seconds};UNTIL=20161231T235960Z",
            "exdates": ["2016-12-31T23:59:60Z", "20161231T22:59:60"],
        }
    )
    assert recurrence.until == "2016-12-31T23:59:59Z"
    assert recurrence.exdates == ("2016-12-31T22:59:59", "2016-12-31T23:59:59Z")
