"""Wall time over every kind of change of the clocks."""

import zoneinfo
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recurrence_oracle import instant_of

from taskflow.base.errors import Invalid
from taskflow.tasks.recurrence import Schedule, occurrences
from taskflow.tasks.recurrence_rules import parse_recurrence
from taskflow.tasks.zones import instant, parse_zone, wall_time

ZONES = ["Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "Africa/Cairo"]


def shown(rule: str, start: str, zone_name: str, limit: int) -> list[str]:
    """Occurrences on the wall, each with its reason if it has one."""
    zone = parse_zone(zone_name)
    schedule = Schedule(
        parse_recurrence({"rule": rule}), datetime.fromisoformat(start), zone, all_day=False
    )
    return [
        f"{one.at.astimezone(zone):%m-%d %H:%M%z}" + (f" ({one.reason})" if one.reason else "")
        for one in occurrences(schedule, limit=limit)
        if isinstance(one.at, datetime)
    ]


def test_a_time_that_does_not_exist_moves_forward_by_the_gap_on_that_day_alone() -> None:
    assert shown("daily", "2026-03-28T02:30", "Europe/Berlin", 3) == [
        "03-28 02:30+0100",
        "03-29 03:30+0200 (02:30 does not exist on this day; moved forward to 03:30)",
        "03-30 02:30+0200",
    ]


def test_a_time_that_comes_twice_is_the_first() -> None:
    assert shown("daily", "2026-10-24T02:30", "Europe/Berlin", 3) == [
        "10-24 02:30+0200",
        "10-25 02:30+0200 (02:30 happens twice on this day; the first is meant)",
        "10-26 02:30+0100",
    ]


def test_half_an_hour_is_a_gap_too() -> None:
    assert shown("daily", "2026-10-03T02:15", "Australia/Lord_Howe", 3) == [
        "10-03 02:15+1030",
        "10-04 02:45+1100 (02:15 does not exist on this day; moved forward to 02:45)",
        "10-05 02:15+1100",
    ]
    assert shown("daily", "2026-04-04T01:45", "Australia/Lord_Howe", 2)[1] == (
        "04-05 01:45+1100 (01:45 happens twice on this day; the first is meant)"
    )


@pytest.mark.parametrize(
    ("zone_name", "start", "expected"),
    [
        ("Pacific/Apia", "2011-12-29T09:00", ["12-29", "12-31", "01-01"]),
        ("Pacific/Kwajalein", "1993-08-20T09:00", ["08-20", "08-22", "08-23"]),
    ],
)
def test_a_day_that_a_zone_skips_has_its_occurrence_on_the_next_once(
    zone_name: str, start: str, expected: list[str]
) -> None:
    found = shown("daily", start, zone_name, 3)
    assert [one[:5] for one in found] == expected
    assert all(one[6:11] == "09:00" for one in found)
    assert "does not exist here; moved forward to" in found[1]


def test_whole_days_are_never_one_that_a_zone_skips() -> None:
    zone = parse_zone("Pacific/Apia")
    start = datetime(2011, 12, 29)  # noqa: DTZ001 - wall time
    schedule = Schedule(parse_recurrence({"rule": "daily"}), start, zone, all_day=True)
    found = occurrences(schedule, limit=3)
    assert [one.at for one in found] == [date(2011, 12, 29), date(2011, 12, 31), date(2012, 1, 1)]
    assert "the next day is meant" in (found[1].reason or "")


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-06-01", 24), ("2026-10-25", 25)]
)
def test_hours_pass_by_the_hour_on_long_and_short_days(day: str, hours: int) -> None:
    zone = parse_zone("Europe/Berlin")
    start = datetime.fromisoformat(f"{day}T00:00")
    schedule = Schedule(parse_recurrence({"rule": "hourly"}), start, zone, all_day=False)
    found = [one.at for one in occurrences(schedule, limit=30) if isinstance(one.at, datetime)]
    assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(hours=1)}
    assert sum(at.astimezone(zone).date().isoformat() == day for at in found) == hours


@given(
    st.datetimes(datetime(1993, 1, 1), datetime(2037, 12, 31)),  # noqa: DTZ001 - wall time
    st.sampled_from(ZONES),
)
def test_a_wall_time_is_the_instant_that_trying_every_offset_finds(
    local: datetime, name: str
) -> None:
    zone = parse_zone(name)
    at = instant(local, zone)
    assert at == instant_of(local, zone)
    assert wall_time(at, zone) >= local


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "europe/berlin", "../UTC", "America", "leapseconds", "A" * 5000]
)
def test_an_unknown_zone_is_named(name: str) -> None:
    with pytest.raises(Invalid, match="is not the name of a time zone"):
        parse_zone(name)


def test_the_machines_own_zones_are_not_asked() -> None:
    assert zoneinfo.TZPATH == ()
    assert instant(datetime(2026, 7, 1, 9), parse_zone("Europe/Berlin")) == datetime(  # noqa: DTZ001
        2026, 7, 1, 7, tzinfo=UTC
    )
