"""Recurrences agree with an independent RFC 5545 library and hold the wall time."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from taskflow.base.errors import Invalid
from taskflow.tasks import recurrence_periods
from taskflow.tasks.recurrence import (
    Schedule,
    occurrences,
    require_occurrence,
)
from taskflow.tasks.recurrence_completion import next_after_completion
from taskflow.tasks.recurrence_rules import parse_recurrence

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 1, 31, 9)  # noqa: DTZ001 - wall time


def schedule(
    rule: str, start: datetime = START, zone: ZoneInfo = BERLIN, **more: object
) -> Schedule:
    return Schedule(parse_recurrence({"rule": rule, **more}), start, zone, all_day=False)


def walls(found: Schedule, limit: int, form: str = "%Y-%m-%d %H:%M") -> list[str]:
    zone = found.zone
    return [
        f"{one.at.astimezone(zone):{form}}"
        for one in occurrences(found, limit=limit)
        if isinstance(one.at, datetime)
    ]


EXACT = "%Y-%m-%d %H:%M:%S"
DAYS = st.sampled_from(["MO", "TU,TH", "SA,SU", "MO,TU,WE,TH,FR"])
WEEKDAYS = st.sampled_from(["MO", "FR", "SU"])
FEW = st.integers(1, 5)
RULES = st.one_of(
    st.builds("FREQ=DAILY;INTERVAL={}".format, st.integers(1, 40)),
    st.builds("FREQ=WEEKLY;INTERVAL={};BYDAY={}".format, FEW, DAYS),
    st.builds("FREQ=WEEKLY;WKST=SU;INTERVAL={};BYDAY={}".format, FEW, DAYS),
    st.builds(
        "FREQ=MONTHLY;INTERVAL={};BYMONTHDAY={}".format, FEW, st.sampled_from([1, 15, 31, -1, -31])
    ),
    st.builds("FREQ=MONTHLY;BYDAY={}{}".format, st.sampled_from([1, 2, 5, -1]), WEEKDAYS),
    st.builds(
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS={}".format, st.sampled_from([1, 2, -1, -2])
    ),
    st.builds(
        "FREQ=YEARLY;BYMONTH={};BYMONTHDAY={}".format, st.integers(1, 12), st.integers(1, 28)
    ),
    st.builds("FREQ=YEARLY;BYDAY={}{}".format, st.sampled_from([1, 20, -1]), WEEKDAYS),
    st.builds("FREQ=YEARLY;BYYEARDAY={}".format, st.sampled_from([1, 100, 366, -1])),
    st.just("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO"),
    st.just("FREQ=DAILY;BYHOUR=8,20"),
)
STARTS = st.datetimes(datetime(2000, 1, 1), datetime(2030, 12, 31)).map(  # noqa: DTZ001 - wall time
    lambda at: at.replace(microsecond=0)
)


@settings(deadline=None, max_examples=300)
@given(RULES, STARTS)
def test_occurrences_are_those_of_an_independent_library(rule: str, start: datetime) -> None:
    expected = [f"{at:{EXACT}}" for at in islice(rrulestr(rule, dtstart=start), 12)]
    assert walls(schedule(rule, start, ZoneInfo("UTC")), 12, EXACT) == expected


@settings(deadline=None, max_examples=100)
@given(RULES, STARTS, st.integers(0, 10))
def test_paging_gives_what_one_long_run_gives(rule: str, start: datetime, cut: int) -> None:
    one = schedule(rule, start)
    whole = occurrences(one, limit=cut + 5)
    at = whole[cut].at
    assert isinstance(at, datetime)
    assert occurrences(one, after=at, limit=4) == whole[cut + 1 :]


def test_the_31st_becomes_the_last_day_and_returns_to_the_31st() -> None:
    found = schedule("monthly:31")
    assert walls(found, 4) == [
        "2026-01-31 09:00", "2026-02-28 09:00", "2026-03-31 09:00", "2026-04-30 09:00",
    ]  # fmt: skip
    assert occurrences(found, limit=2)[1].reason is not None


def test_a_raw_rule_skips_months_without_a_31st() -> None:
    assert walls(schedule("FREQ=MONTHLY"), 2) == ["2026-01-31 09:00", "2026-03-31 09:00"]


def test_wall_time_holds_over_a_change_of_the_clocks() -> None:
    found = schedule("daily", datetime(2026, 3, 28, 2, 30))  # noqa: DTZ001 - wall time
    assert walls(found, 3) == ["2026-03-28 02:30", "2026-03-29 03:30", "2026-03-30 02:30"]
    assert "does not exist" in (occurrences(found, limit=2)[1].reason or "")


def test_an_hourly_rule_goes_by_the_hour_over_a_change_of_the_clocks() -> None:
    found = occurrences(schedule("hourly", datetime(2026, 10, 25, 0, 30)), limit=8)  # noqa: DTZ001
    gaps = {
        second.at - first.at
        for first, second in pairwise(found)
        if isinstance(first.at, datetime) and isinstance(second.at, datetime)
    }
    assert gaps == {timedelta(hours=1)}
    assert len({one.date for one in found}) == len(found)


@pytest.mark.parametrize("rule", ["FREQ=WEEKLY", "daily", "hourly"])
def test_the_seconds_of_the_start_hold(rule: str) -> None:
    start = datetime(2026, 3, 3, 10, 11, 37, 250_000)  # noqa: DTZ001 - wall time
    found = walls(schedule(rule, start), 3, EXACT)
    assert [one[-3:] for one in found] == [":37"] * 3
    assert found[0] == "2026-03-03 10:11:37"


def test_a_day_that_the_rule_names_is_taken_after_completion_at_any_second() -> None:
    start = datetime(2026, 3, 2, 9, 0, 30, 5)  # noqa: DTZ001 - wall time
    done = datetime(2026, 3, 2, 20, tzinfo=UTC)
    found = next_after_completion(schedule("FREQ=WEEKLY;BYDAY=MO", start), done, made=1)
    assert found is not None
    assert found.at == datetime(2026, 3, 9, 8, 0, 30, tzinfo=UTC)


def test_count_and_until_end_a_series() -> None:
    assert len(occurrences(schedule("FREQ=DAILY;COUNT=3"), limit=9)) == 3
    assert len(occurrences(schedule("FREQ=DAILY", until="2026-02-02"), limit=9)) == 3


def test_the_next_occurrence_lies_after_the_instant_and_not_at_it() -> None:
    weekly = schedule("FREQ=WEEKLY")
    for now in (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 2, 28, 8, tzinfo=UTC)):
        (found,) = occurrences(weekly, after=now)
        assert found.date == "2026-03-07"


def test_completion_counts_one_interval_from_when_it_was_done_even_if_that_is_past() -> None:
    found = next_after_completion(
        schedule("custom:3d"), datetime(2026, 2, 10, 20, tzinfo=UTC), made=1
    )
    assert found is not None
    assert found.date == "2026-02-13"
    assert found.at == datetime(2026, 2, 13, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "canonical"),
    [
        ("daily", "FREQ=DAILY"),
        ("weekly:MON,WED,FRI", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
        ("monthly:15", "FREQ=MONTHLY;BYMONTHDAY=15"),
        ("yearly", "FREQ=YEARLY"),
        ("custom:3d", "FREQ=DAILY;INTERVAL=3"),
        ("RRULE:byday=mo;freq=weekly;interval=1", "FREQ=WEEKLY;BYDAY=MO"),
    ],
)
def test_forms_have_one_canonical_rule(rule: str, canonical: str) -> None:
    parsed = parse_recurrence({"rule": rule})
    assert parsed.rule == canonical
    assert parse_recurrence({"rule": parsed.rule, "month_end": parsed.month_end}) == parsed


@pytest.mark.parametrize(
    ("rule", "position"),
    [
        ("FREQ=MINUTELY", 5), ("FREQ=DAILY;FOO=1", 11), ("FREQ=DAILY;INTERVAL=0", 20),
        ("FREQ=MONTHLY;BYMONTHDAY=1,32", 26), ("", 0), ("weekly:XYZ", 7),
        ("FREQ=DAILY;COUNT=x", 17),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named_with_its_position(rule: str, position: int) -> None:
    with pytest.raises(Invalid) as caught:
        parse_recurrence({"rule": rule})
    assert caught.value.errors[0].position == position


@pytest.mark.parametrize("rule", ["every tuesday", "", "FREQ=DAILY;FOO=1"])
def test_what_is_no_rule_is_quoted_as_it_was_written_beside_what_is_understood(rule: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_recurrence({"rule": rule})
    message = caught.value.errors[0].message
    assert message.startswith(f"“{rule.rpartition(';')[2]}” is not understood; write ")
    forms = message.partition("write ")[2].partition(", or ")[0].split(" · ")
    assert len(forms) == 6
    for form in [*forms, message.split()[-1]]:
        assert parse_recurrence({"rule": form}).rule


@given(st.text(max_size=80))
def test_any_text_is_a_rule_or_an_invalid_one(text: str) -> None:
    try:
        parsed = parse_recurrence({"rule": text})
    except Invalid:
        return
    assert (
        parse_recurrence({"rule": parsed.rule, "month_end": parsed.month_end}).rule == parsed.rule
    )


HOURS = ",".join(map(str, range(24)))
WEEK = "MO,TU,WE,TH,FR,SA,SU"


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;INTERVAL=3;BYDAY=MO;COUNT=10000",
        "FREQ=HOURLY;BYMONTH=1;BYMONTHDAY=1;BYHOUR=5;COUNT=10000",
        "FREQ=HOURLY;INTERVAL=48;BYHOUR=5",
        "FREQ=HOURLY;INTERVAL=24;BYHOUR=5;BYDAY=MO",
    ],
)
def test_a_rule_that_takes_too_long_to_follow_is_refused(rule: str) -> None:
    with pytest.raises(Invalid, match="takes too long"):
        require_occurrence(schedule(rule, zone=ZoneInfo("UTC")))


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;BYMONTH=4;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=YEARLY;BYWEEKNO=53;BYYEARDAY=200",
        "FREQ=YEARLY;INTERVAL=100;BYMONTH=2;BYMONTHDAY=29;BYYEARDAY=59",
        "FREQ=DAILY;INTERVAL=14;BYDAY=MO",
        "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=3",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYSETPOS=2",
        "FREQ=DAILY;BYHOUR=1,2,3;BYSETPOS=-4",
        "FREQ=HOURLY;BYDAY=MO;BYSETPOS=2",
    ],
)
def test_a_rule_that_never_occurs_is_found_out_with_little_work(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recurrence_periods, "MOST_WORK", 40)
    with pytest.raises(Invalid, match="never occurs"):
        require_occurrence(schedule(rule))


@pytest.mark.parametrize(
    "rule",
    [
        f"FREQ=YEARLY;BYDAY={WEEK};BYHOUR={HOURS};BYSETPOS=-1",
        "FREQ=HOURLY;BYMONTH=1;BYMONTHDAY=1;BYHOUR=5",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
        "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO",
    ],
)
def test_what_is_rare_is_followed_to_the_calendars_end_or_to_what_a_preview_asks(rule: str) -> None:
    found = occurrences(schedule(rule), limit=500)
    assert len(found) == 500 or found[-1].date > "8950"


@pytest.mark.parametrize("rule", ["FREQ=YEARLY", "FREQ=DAILY", "FREQ=HOURLY", "monthly:31"])
def test_plain_rules_are_followed_as_far_as_a_preview_asks(rule: str) -> None:
    assert len(occurrences(schedule(rule), limit=500)) == 500


def test_a_position_that_no_period_has_never_occurs() -> None:
    assert occurrences(schedule("FREQ=DAILY;BYDAY=MO;BYSETPOS=2")) == []


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY", "FREQ=HOURLY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY",
        f"FREQ=YEARLY;BYDAY={WEEK};BYHOUR={HOURS};BYSETPOS=-1",
    ],
)  # fmt: skip
def test_every_count_that_is_taken_can_be_reached(rule: str) -> None:
    counted = schedule(f"{rule};COUNT=10000")
    require_occurrence(counted)
    assert len(occurrences(counted, limit=2)) == 2


@pytest.mark.parametrize("year", [1, 9999])
def test_the_ends_of_the_calendar_are_after_or_before_everything(year: int) -> None:
    at = datetime(year, 1 if year == 1 else 12, 1, tzinfo=UTC)
    found = occurrences(schedule("FREQ=DAILY"), after=at)
    assert len(found) == (year == 1)


def test_an_interval_past_the_calendar_ends_what_counts_from_completion() -> None:
    far = schedule("FREQ=YEARLY;INTERVAL=10000")
    assert next_after_completion(far, datetime(2026, 2, 1, tzinfo=UTC), made=1) is None
