"""What a recurrence leaves out and adds, in every form in which people write it."""

from datetime import UTC, date, datetime
from itertools import islice

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from taskflow.base.errors import Invalid
from taskflow.tasks.recurrence import (
    Schedule,
    occurrence_key,
    occurrences,
    require_occurrence,
)
from taskflow.tasks.recurrence_dates import MAX_DATES, rezoned, settled
from taskflow.tasks.recurrence_rules import parse_recurrence
from taskflow.tasks.zones import parse_zone

BERLIN = parse_zone("Europe/Berlin")
START = datetime(2026, 3, 1, 9)  # noqa: DTZ001 - wall time


def schedule(rule: str = "daily", *, all_day: bool = False, **more: object) -> Schedule:
    recurrence = parse_recurrence({"rule": rule, **more})
    start = START.replace(hour=0) if all_day else START
    return Schedule(settled(recurrence, BERLIN, all_day=all_day), start, BERLIN, all_day)


def walls(found: Schedule, limit: int) -> list[str]:
    return [
        f"{one.at.astimezone(BERLIN):%m-%d %H:%M}"
        if isinstance(one.at, datetime)
        else f"{one.at:%m-%d}"
        for one in occurrences(found, limit=limit)
    ]


@pytest.mark.parametrize(
    "written",
    ["2026-03-02T09:00:00", "20260302T090000", "2026-03-02T08:00:00Z", "2026-03-02T03:00-05:00"],
)
def test_an_occurrence_is_left_out_however_it_is_written(written: str) -> None:
    found = schedule(exdates=[written])
    assert found.recurrence.exdates == ("2026-03-02T09:00:00",)
    assert walls(found, 2) == ["03-01 09:00", "03-03 09:00"]


def test_what_is_added_as_a_day_is_due_at_the_first_time_of_the_rule() -> None:
    found = schedule("FREQ=DAILY;BYHOUR=17,8;BYMINUTE=30;COUNT=1", rdates=["2026-03-05"])
    assert walls(found, 9) == ["03-01 17:30", "03-05 08:30"]
    assert [one.date for one in occurrences(found, limit=9)][1] == "2026-03-05T08:30"


def test_a_plain_date_leaves_out_the_whole_local_day() -> None:
    found = schedule("FREQ=DAILY;BYHOUR=9,23", exdates=["2026-03-02"])
    assert walls(found, 3) == ["03-01 09:00", "03-01 23:00", "03-03 09:00"]


def test_a_wall_time_that_is_none_of_the_occurrences_leaves_out_nothing() -> None:
    assert walls(schedule(exdates=["2026-03-02T10:00:00"]), 2) == ["03-01 09:00", "03-02 09:00"]


def test_whole_days_are_left_out_and_added_as_dates() -> None:
    found = schedule(
        "weekly", all_day=True, exdates=["2026-03-07T23:30:00Z"], rdates=["2026-03-10"]
    )
    assert found.recurrence.exdates == ("2026-03-08",)
    assert walls(found, 3) == ["03-01", "03-10", "03-15"]


def test_beside_an_hourly_rule_instants_stay_since_a_wall_time_may_come_twice() -> None:
    recurrence = parse_recurrence({"rule": "hourly", "exdates": ["2026-10-25T01:30:00Z"]})
    recurrence = settled(recurrence, BERLIN, all_day=False)
    start = datetime(2026, 10, 25, 1, 30)  # noqa: DTZ001 - wall time
    found = occurrences(Schedule(recurrence, start, BERLIN, all_day=False), limit=3)
    hours = [one.at.hour for one in found if isinstance(one.at, datetime)]
    assert hours == [23, 0, 2]


def test_what_is_added_stands_among_the_others_in_order_with_a_reason_and_a_key() -> None:
    added = ["2026-03-03", "2026-03-03T18:00:00", "2026-02-01T09:00:00", "2026-03-08T09:00:00"]
    found = occurrences(schedule("weekly", rdates=added), limit=5)
    assert [(one.date, one.reason) for one in found] == [
        ("2026-03-01", None),
        ("2026-03-03", "added beside the rule"),
        ("2026-03-03T18:00", "added beside the rule"),
        ("2026-03-08", None),
        ("2026-03-15", None),
    ]


def test_what_is_added_at_another_hour_than_the_rule_names_has_a_key_of_its_own() -> None:
    found = occurrences(
        schedule("FREQ=DAILY;BYHOUR=9", rdates=["2026-03-01T18:00:00", "2026-03-02T09:00:00"]),
        limit=3,
    )
    assert [one.date for one in found] == ["2026-03-01", "2026-03-01T18:00", "2026-03-02"]


def test_what_is_added_comes_after_the_rules_end_too_and_count_does_not_count_it() -> None:
    found = schedule("FREQ=DAILY;COUNT=2", rdates=["2026-03-01T12:00:00", "2027-01-01T09:00:00"])
    assert walls(found, 9) == ["03-01 09:00", "03-01 12:00", "03-02 09:00", "01-01 09:00"]
    assert walls(found._replace(start=START), 9)[-1] == "01-01 09:00"


def test_count_counts_what_is_left_out() -> None:
    assert walls(schedule("FREQ=DAILY;COUNT=3", exdates=["2026-03-02"]), 9) == [
        "03-01 09:00",
        "03-03 09:00",
    ]


def test_exceptions_are_shown_with_their_reason_where_they_are_asked_for() -> None:
    found = occurrences(schedule(exdates=["2026-03-02"]), limit=3, with_exceptions=True)
    assert [(one.date, one.is_excluded, one.reason) for one in found] == [
        ("2026-03-01", False, None),
        ("2026-03-02", True, "left out: an exception"),
        ("2026-03-03", False, None),
    ]


def test_a_rule_of_which_all_is_left_out_is_refused() -> None:
    everything = schedule("FREQ=DAILY;COUNT=2", exdates=["2026-03-01", "2026-03-02"])
    with pytest.raises(Invalid, match=r"recurrence\.exdates: leave no occurrence"):
        require_occurrence(everything)


def test_a_due_date_that_moves_to_another_wall_takes_the_dates_along() -> None:
    moved = rezoned(
        schedule(exdates=["2026-03-02T09:00:00", "2026-03-05"]).recurrence,
        BERLIN,
        parse_zone("Asia/Tokyo"),
    )
    assert moved.exdates == ("2026-03-02T17:00:00", "2026-03-05")


@pytest.mark.parametrize(
    ("until", "moved"),
    [
        ("2026-03-09T09:00:00", "2026-03-09T17:00:00"),
        ("2026-03-09T08:00:00Z", "2026-03-09T08:00:00Z"),
        ("2026-03-09", "2026-03-09"),
        ("9999-12-31T23:00:00", "9999-12-31T22:00:00"),
        ("0001-01-01T00:30:00", "0001-01-01T09:48:59"),
        (None, None),
    ],
)
def test_the_end_moves_with_the_wall_where_it_is_of_the_wall(
    until: str | None, moved: str | None
) -> None:
    recurrence = schedule(until=until).recurrence
    assert rezoned(recurrence, BERLIN, parse_zone("Asia/Tokyo")).until == moved


def test_of_a_floating_task_every_date_is_of_the_wall() -> None:
    given = {"exdates": ["2026-03-03T08:00:00Z"], "until": "2026-03-09T08:00:00Z"}
    recurrence = parse_recurrence({"rule": "hourly", **given})
    floating = settled(recurrence, BERLIN, all_day=False, floating=True)
    assert floating.exdates == ("2026-03-03T09:00:00",)
    assert floating.until == "2026-03-09T09:00:00"
    assert settled(recurrence, BERLIN, all_day=False).until == "2026-03-09T08:00:00Z"


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("until", ["9999-12-31T23:59:59", "9999-12-31T23:59:59Z"])
def test_an_end_at_the_calendars_own_is_none_in_any_zone(until: str, zone: str) -> None:
    recurrence = parse_recurrence({"rule": "daily", "until": until})
    for floating in (True, False):
        kept = settled(recurrence, parse_zone(zone), all_day=False, floating=floating)
        start = datetime(2026, 3, 1, 9)  # noqa: DTZ001 - wall time
        assert (
            len(occurrences(Schedule(kept, start, parse_zone(zone), all_day=False), limit=2)) == 2
        )


@pytest.mark.parametrize(
    ("dates", "field"),
    [
        (["2026-03-02", "soon"], "recurrence.exdates[1]"),
        ([7], "recurrence.exdates[0]"),
        (["0001-01-01T00:00:00+14:00"], "recurrence.exdates[0]"),
        (["9999-12-31"], "recurrence.exdates[0]"),
        (["2026-W10-1"], "recurrence.exdates[0]"),
        ("2026-03-02", "recurrence.exdates"),
        (["2026-03-02"] * (MAX_DATES + 1), "recurrence.exdates"),
    ],
)
def test_what_is_no_date_is_named(dates: object, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_recurrence({"rule": "daily", "exdates": dates})
    assert caught.value.errors[0].field == field


def test_both_lists_together_are_bounded() -> None:
    many = [f"{year}-01-{day:02}" for year in range(2000, 2020) for day in range(1, 31)]
    with pytest.raises(Invalid, match="at most 1000 dates"):
        parse_recurrence({"rule": "daily", "exdates": many, "rdates": many})


def test_the_key_of_the_first_task_is_its_day() -> None:
    class Task:
        recurrence = schedule("weekly", rdates=["2026-03-03T18:00:00"]).recurrence
        timezone = "Europe/Berlin"
        all_day = False

    assert occurrence_key(datetime(2026, 3, 1, 8, tzinfo=UTC), Task()) == "2026-03-01"


DAYS = st.lists(st.dates(date(2026, 3, 1), date(2026, 5, 1)), max_size=12)


@settings(deadline=None)
@given(st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=DAILY;COUNT=9"]), DAYS, DAYS)
def test_the_set_is_that_of_an_independent_library(
    rule: str, left_out: list[date], added: list[date]
) -> None:
    found = schedule(
        rule,
        exdates=[f"{day}T09:00:00" for day in left_out],
        rdates=[f"{day}T09:00:00" for day in added],
    )
    lines = [f"RRULE:{rule}"]
    lines += [f"EXDATE:{day:%Y%m%d}T090000" for day in left_out]
    lines += [f"RDATE:{day:%Y%m%d}T090000" for day in added]
    expected = islice(rrulestr("\n".join(lines), dtstart=START, forceset=True), 15)
    assert walls(found, 15) == [f"{at:%m-%d %H:%M}" for at in expected]
