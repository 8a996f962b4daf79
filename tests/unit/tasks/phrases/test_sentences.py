"""What recurrences are called, and that it is true: what is understood again is the same."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Recurrence
from taskflow.tasks.phrases.sentences import sentence
from taskflow.tasks.phrases.understanding import Origin, understand
from taskflow.tasks.recurrence import Occurrence, Schedule, occurrences
from taskflow.tasks.recurrence_parts import WEEKDAYS
from taskflow.tasks.recurrence_rules import parse_recurrence

BERLIN = ZoneInfo("Europe/Berlin")
# Month ends, a leap day to come, and a Monday.
STARTS = [
    datetime.fromisoformat(f"{day}T09:30") for day in ("2026-03-02", "2027-01-31", "2028-02-29")
]
SENTENCES = [
    ("FREQ=DAILY", {}, "every day"),
    ("FREQ=HOURLY;INTERVAL=4", {}, "every 4 hours"),
    ("FREQ=WEEKLY;BYDAY=MO,TH", {}, "every Monday and Thursday"),
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", {}, "every weekday"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", {}, "every 2 weeks on Friday"),
    ("FREQ=MONTHLY;BYMONTHDAY=15,-1", {}, "every 15th and last day of the month"),
    ("FREQ=MONTHLY;BYDAY=2TU,-1FR", {}, "every 2nd Tuesday and last Friday of the month"),
    ("FREQ=MONTHLY;INTERVAL=3;BYDAY=-1FR", {}, "every 3 months on the last Friday"),
    (
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        {},
        "every last workday of the month",
    ),
    ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3", {}, "every year on 3 March"),
    ("FREQ=DAILY;BYMONTH=5,6,7", {}, "every day from May to July"),
    ("FREQ=DAILY;BYMONTH=1,2,12", {}, "every day from December to February"),
    ("FREQ=DAILY;BYMONTH=1,7", {}, "every day in January and July"),
    ("FREQ=DAILY;BYHOUR=9,17;BYMINUTE=5", {}, "every day at 9:05 and 17:05"),
    ("FREQ=DAILY;INTERVAL=3", {"mode": "completion"}, "every 3 days after completion"),
    ("FREQ=DAILY", {"until": "2027-03-31"}, "every day until 31 March 2027"),
    ("FREQ=DAILY", {"until": "2027-03-31T22:00:00Z"}, "every day until 31 March 2027, 22:00 UTC"),
    ("FREQ=DAILY", {"count": 1}, "every day for 1 time"),
    ("FREQ=MONTHLY;BYMONTHDAY=31", {}, "every 31st of the month"),
    (
        "FREQ=MONTHLY;BYMONTHDAY=31",
        {"month_end": "skip"},
        "every 31st of the month skipping shorter months",
    ),
    ("FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR", {}, "every 13th of the month if that is a Friday"),
    # What no phrase can say.
    ("FREQ=YEARLY;BYMONTH=6", {}, "every year, only in June"),
    ("FREQ=MONTHLY;BYMONTH=6", {}, "every month, only in June"),
    ("FREQ=YEARLY;BYMONTH=5,6,7", {"count": 3}, "every year for 3 times, only from May to July"),
    ("FREQ=MONTHLY;INTERVAL=2;BYDAY=MO", {}, "every 2 months, on every Monday"),
    (
        "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=2",
        {},
        "every month, on every Monday and Tuesday, only the 2nd of these in each month",
    ),
    (
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
        {},
        "every year, only in the 20th week of the year, only on Monday",
    ),
    ("FREQ=DAILY;INTERVAL=2;BYDAY=MO", {}, "every 2 days, only on Monday"),
    ("FREQ=YEARLY;BYDAY=MO", {}, "every year, on every Monday"),
    (
        "FREQ=YEARLY;BYMONTH=6;BYDAY=MO,TU",
        {},
        "every year, only in June, on every Monday and Tuesday",
    ),
    (
        "FREQ=DAILY",
        {"exdates": ["2026-03-03T09:00:00"]},
        "every day, but not on 3 March 2026 at 9:00",
    ),
    (
        "FREQ=WEEKLY",
        {
            "exdates": ["2026-03-10T17:05:00Z"],
            "rdates": [f"2026-05-{day:02}" for day in range(1, 6)],
        },
        "every week, but not on 10 March 2026 at 17:05 UTC, and also on 5 dates",
    ),
    ("FREQ=HOURLY;BYHOUR=9,10", {}, "every hour, only in the hours 9:00 and 10:00"),
    ("FREQ=HOURLY;BYMINUTE=30", {}, "every hour, at minute 30"),
    (
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1",
        {},
        "every weekday, only the 1st of these in each week",
    ),
    (
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU",
        {},
        "every 2 weeks on Sunday, weeks beginning on Sunday",
    ),
]


@pytest.mark.parametrize(("rule", "more", "words"), SENTENCES)
def test_a_rule_is_said_as_people_would(rule: str, more: dict[str, Any], words: str) -> None:
    assert sentence(Recurrence(rule, **{"month_end": "clamp", **more})) == words


def test_a_sentence_says_from_when_on_where_that_was_said() -> None:
    assert sentence(Recurrence("FREQ=DAILY"), date(2026, 4, 1)) == "every day starting 1 April 2026"


def joined(values: list[int]) -> str:
    return ",".join(map(str, values))


def rising(low: int, high: int, most: int = 3) -> st.SearchStrategy[list[int]]:
    found = st.sets(st.integers(low, high).filter(bool), min_size=1, max_size=most)
    return found.map(lambda each: sorted(each, key=lambda one: (one < 0, abs(one))))


def days(most: int = 7) -> st.SearchStrategy[str]:
    return st.sets(st.integers(0, 6), min_size=1, max_size=most).map(
        lambda each: ",".join(WEEKDAYS[day] for day in sorted(each))
    )


MONTHS = st.just("") | rising(1, 12, 11).map(lambda months: f";BYMONTH={joined(months)}")
# The day of one month is said: only the start would tell it else.
SEVERAL = MONTHS.filter(lambda months: not months or "," in months)
EACH = st.just("") | st.integers(2, 30).map(lambda number: f";INTERVAL={number}")
NAMED = st.tuples(rising(-5, 5, 2), st.sampled_from(WEEKDAYS)).map(
    lambda pair: ",".join(f"{number}{pair[1]}" for number in pair[0])
)
TIMES = st.just("") | st.tuples(rising(1, 23, 4), st.integers(0, 59)).map(
    lambda clock: f";BYHOUR={joined(clock[0])};BYMINUTE={clock[1]}"
)
TIME = st.just("") | st.integers(0, 23).map(lambda hour: f";BYHOUR={hour};BYMINUTE=30")
WORKDAYS = st.sampled_from(["MO,TU,WE,TH,FR", "SA,SU"])


def rule(form: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    fill: Callable[[tuple[str, ...]], str] = lambda each: form.format(*each)  # noqa: E731
    return st.tuples(*parts).map(fill)


SAYABLE = st.one_of(
    rule("FREQ=DAILY{}{}{}", EACH, MONTHS, TIMES),
    rule("FREQ=HOURLY{}{}", EACH, MONTHS),
    rule("FREQ=WEEKLY{}{};BYDAY={}{}", EACH, MONTHS, days(), TIMES),
    rule("FREQ=WEEKLY{}{}{}", EACH, MONTHS, TIMES),
    rule("FREQ=MONTHLY{}{}{}", EACH, SEVERAL, TIMES),
    rule("FREQ=MONTHLY{}{};BYMONTHDAY={}{}", EACH, MONTHS, rising(-28, 28).map(joined), TIMES),
    rule("FREQ=MONTHLY{}{};BYDAY={}{}", EACH, MONTHS, NAMED, TIMES),
    rule("FREQ=MONTHLY{}{};BYDAY={}{};BYSETPOS={}", EACH, MONTHS, WORKDAYS, TIME,
         rising(-8, 8, 2).map(joined)),
    rule("FREQ=MONTHLY;BYMONTHDAY={};BYDAY={}", rising(-28, 28).map(joined), days(3)),
    rule("FREQ=YEARLY{}{}", EACH, TIMES),
    rule("FREQ=YEARLY{};BYMONTH={};BYMONTHDAY={}{}", EACH, rising(1, 12).map(joined),
         rising(-28, 28).map(joined), TIMES),
    rule("FREQ=YEARLY{};BYMONTH={};BYDAY={}{}", EACH, rising(1, 12).map(joined), NAMED, TIMES),
    rule("FREQ=YEARLY{};BYDAY={}{}", EACH, NAMED, TIMES),
    rule("FREQ=YEARLY{};BYYEARDAY={}{}", EACH, rising(-366, 366).map(joined), TIMES),
    rule("FREQ=YEARLY;BYDAY={}{};BYSETPOS={}", WORKDAYS, TIME, rising(-99, 99, 2).map(joined)),
)  # fmt: skip
END = st.sampled_from([{}, {"until": "2399-12-31"}, {"count": 7}])
ANY_RULE = st.builds(
    lambda frequency, parts: "FREQ=" + frequency + "".join(f";{one}" for one in parts),
    st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]),
    st.lists(
        st.one_of(
            st.integers(1, 4).map(lambda number: f"INTERVAL={number}"),
            rising(1, 12).map(lambda each: f"BYMONTH={joined(each)}"),
            rising(-53, 53, 2).map(lambda each: f"BYWEEKNO={joined(each)}"),
            rising(-366, 366, 2).map(lambda each: f"BYYEARDAY={joined(each)}"),
            rising(-31, 31).map(lambda each: f"BYMONTHDAY={joined(each)}"),
            days().map(lambda each: f"BYDAY={each}"),
            NAMED.map(lambda each: f"BYDAY={each}"),
            WORKDAYS.map(lambda each: f"BYDAY={each}"),
            rising(1, 23).map(lambda each: f"BYHOUR={joined(each)}"),
            st.integers(0, 59).map(lambda minute: f"BYMINUTE={minute}"),
            rising(-3, 3, 2).map(lambda each: f"BYSETPOS={joined(each)}"),
            st.sampled_from(WEEKDAYS).map(lambda day: f"WKST={day}"),
        ),
        max_size=5,
        unique_by=lambda part: part.partition("=")[0],
    ),
)


@given(SAYABLE, END, st.sampled_from(["schedule", "completion"]))
def test_what_a_phrase_can_say_is_understood_again_as_the_same(
    text: str, end: dict[str, object], mode: str
) -> None:
    is_many = "," in text.partition("BYHOUR=")[2].partition(";")[0]
    assume(not (mode == "completion" and is_many))
    try:
        known = parse_recurrence({"rule": text, "mode": mode, "month_end": "clamp", **end})
        first = occurrences(Schedule(known, STARTS[0], BERLIN, all_day=False))
    except Invalid:
        assume(condition=False)
    assume(first)
    origin = Origin(STARTS[0].date(), STARTS[0], BERLIN)
    assert understand(sentence(known), origin).recurrence == known


@given(ANY_RULE, st.sampled_from(["clamp", "skip"]), st.sampled_from(STARTS))
def test_a_sentence_of_any_rule_is_true_or_is_no_phrase(
    text: str, month_end: str, start: datetime
) -> None:
    try:
        known = parse_recurrence({"rule": text, "month_end": month_end})
        expected = shown(known, start)
    except Invalid:
        assume(condition=False)
    try:
        again = understand(sentence(known), Origin(start.date(), start, BERLIN)).recurrence
    except Invalid:
        return
    if month_end == "skip" and "BYMONTHDAY" not in text:
        # What only the start's day decides, no sentence can tell.
        again = Recurrence(again.rule, month_end="skip")
    assert shown(again, start) == expected


def shown(recurrence: Recurrence, start: datetime) -> list[Occurrence]:
    found = occurrences(Schedule(recurrence, start, BERLIN, all_day=False), limit=6)
    return [one._replace(date="", reason=None) for one in found]
