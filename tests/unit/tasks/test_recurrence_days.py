"""Any rule, in any zone, from any start, gives what looking at every day and hour gives."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from tests.recurrence_oracle import WEEK, Oracle

from taskflow.base.errors import Invalid
from taskflow.tasks.recurrence import Schedule, occurrences
from taskflow.tasks.recurrence_rules import parse_recurrence
from taskflow.tasks.zones import parse_zone

YEARS = 5
FOUND = 12
# With the start in the years below: gaps and folds of an hour, of half an hour, of two, a skipped
# day, one at midnight, offsets of quarters of an hour.
ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",
    "Pacific/Kwajalein", "America/Sao_Paulo", "Asia/Kathmandu", "Antarctica/Troll",
    "Africa/Casablanca", "Pacific/Chatham",
]  # fmt: skip
MONTH_ENDS = st.sampled_from(["clamp", "skip"])
STARTS = st.datetimes(datetime(1992, 1, 1), datetime(2031, 12, 31)).map(  # noqa: DTZ001 - wall time
    lambda at: at.replace(microsecond=0)
)


def some_of(least: int, most: int, *, may_be_negative: bool = False) -> st.SearchStrategy[str]:
    number = st.integers(least, most)
    if may_be_negative:
        number = st.one_of(number, number.map(lambda one: -one))
    return st.lists(number, min_size=1, max_size=4, unique=True).map(
        lambda found: ",".join(map(str, found))
    )


def weekdays(ordinals: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    day = st.builds("{}{}".format, ordinals, st.sampled_from(WEEK))
    return st.lists(day, min_size=1, max_size=4, unique=True).map(",".join)


PLAIN = st.just("")
MONTHLY = st.sampled_from(["", "1", "2", "4", "5", "-1", "-2", "-5"])
YEARLY = st.sampled_from(["", "1", "20", "52", "53", "-1", "-10", "-53"])
PARTS = {
    "BYMONTH": some_of(1, 12),
    "BYWEEKNO": st.one_of(some_of(1, 53, may_be_negative=True), st.sampled_from(["1", "53", "-1"])),
    "BYYEARDAY": some_of(1, 366, may_be_negative=True),
    "BYMONTHDAY": st.one_of(
        some_of(1, 31, may_be_negative=True), st.sampled_from(["31", "29,30", "-31", "-1"])
    ),
    "BYHOUR": some_of(0, 23),
    "BYMINUTE": st.integers(0, 59).map(str),
    "BYSECOND": st.integers(0, 59).map(str),
    "BYSETPOS": some_of(1, 6, may_be_negative=True),
    "WKST": st.sampled_from(WEEK),
}
TIMES = ["BYHOUR", "BYMINUTE", "BYSECOND"]
# The parts that the table of section 3.3.10 allows beside each frequency.
ALLOWED = {
    "YEARLY": ["BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY", *TIMES],
    "MONTHLY": ["BYMONTH", "BYMONTHDAY", "BYDAY", *TIMES],
    "WEEKLY": ["BYMONTH", "BYDAY", *TIMES],
    "DAILY": ["BYMONTH", "BYMONTHDAY", "BYDAY", *TIMES],
    "HOURLY": ["BYMONTH", "BYYEARDAY", "BYMONTHDAY", "BYDAY", "BYHOUR", "BYMINUTE"],
}


@st.composite
def rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(list(ALLOWED)))
    names = draw(st.lists(st.sampled_from(ALLOWED[frequency]), max_size=3, unique=True))
    parts = {"FREQ": frequency}
    if draw(st.booleans()):
        parts["INTERVAL"] = str(draw(st.integers(2, 30)))
    has_ordinals = frequency in ("YEARLY", "MONTHLY") and "BYWEEKNO" not in names
    in_year = frequency == "YEARLY" and "BYMONTH" not in names
    ordinals = (YEARLY if in_year else MONTHLY) if has_ordinals else PLAIN
    for name in names:
        parts[name] = draw(weekdays(ordinals) if name == "BYDAY" else PARTS[name])
    if names and draw(st.integers(0, 3)) == 0:
        parts["BYSETPOS"] = draw(PARTS["BYSETPOS"])
    if draw(st.booleans()):
        parts["WKST"] = draw(PARTS["WKST"])
    return ";".join(f"{name}={value}" for name, value in parts.items())


@settings(deadline=None, max_examples=100)
@given(rules(), STARTS, st.sampled_from(ZONES), MONTH_ENDS)
def test_any_rule_gives_what_looking_at_every_day_and_hour_gives(
    rule: str, start: datetime, zone_name: str, month_end: str
) -> None:
    zone = parse_zone(zone_name)
    recurrence = parse_recurrence({"rule": rule, "month_end": month_end})
    expected = Oracle(rule, start, zone, clamps=month_end == "clamp").instants(
        1 if rule.startswith("FREQ=HOURLY") else YEARS
    )
    assume(len(expected) > 0)
    horizon = expected[-1]
    schedule = Schedule(recurrence, start, zone, all_day=False)
    try:
        found = [one.at for one in occurrences(schedule, limit=FOUND)]
    except Invalid:
        assert len(expected) < FOUND
        return
    within = [at for at in found if isinstance(at, datetime) and at <= horizon]
    assert within == expected[:FOUND]
    middle = (len(expected) - 1) // 2
    following = [one.at for one in occurrences(schedule, after=expected[middle])]
    assert following == expected[middle + 1 :][:1] or middle == len(expected) - 1


@settings(deadline=None, max_examples=30)
@given(rules(), st.dates(date(1992, 1, 1), date(2031, 12, 31)), MONTH_ENDS)
def test_whole_days_are_dates_whatever_the_clocks_do(
    rule: str, start: date, month_end: str
) -> None:
    assume(not rule.startswith("FREQ=HOURLY"))
    assume(not any(name in rule for name in TIMES))
    zone = parse_zone("America/Sao_Paulo")
    recurrence = parse_recurrence({"rule": rule, "month_end": month_end})
    begin = datetime(start.year, start.month, start.day)  # noqa: DTZ001 - wall time
    expected = Oracle(rule, begin, ZoneInfo("UTC"), clamps=month_end == "clamp").instants(YEARS)
    schedule = Schedule(recurrence, begin, zone, all_day=True)
    found = [one.at for one in occurrences(schedule, limit=FOUND)]
    days = [at.astimezone(UTC).date() for at in expected][:FOUND]
    assert found[: len(days)] == days


@settings(deadline=None, max_examples=100)
@given(rules(), STARTS, st.sampled_from(ZONES), MONTH_ENDS, st.integers(1, 60), st.data())
def test_a_count_ends_there_from_wherever_it_is_followed(
    rule: str, start: datetime, zone_name: str, month_end: str, count: int, data: st.DataObject
) -> None:
    zone = parse_zone(zone_name)
    given_ = {"rule": rule, "month_end": month_end, "count": count}
    schedule = Schedule(parse_recurrence(given_), start, zone, all_day=False)
    oracle = Oracle(rule, start, zone, clamps=month_end == "clamp")
    expected = oracle.instants(1 if rule.startswith("FREQ=HOURLY") else YEARS, count)
    assume(len(expected) > 0)
    horizon = expected[-1]
    middle = data.draw(st.integers(0, len(expected) - 1))
    try:
        whole = [one.at for one in occurrences(schedule, limit=count)]
        tail = [one.at for one in occurrences(schedule, after=expected[middle], limit=count)]
    except Invalid:
        reject()
    assert [at for at in whole if isinstance(at, datetime) and at <= horizon] == expected
    assert tail == whole[middle + 1 :]
