"""What phrases mean, and where they are not understood."""

import sys
from datetime import date, datetime
from subprocess import run
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.tasks.phrases.phrase_table import PHRASES
from tests.unit.tasks.phrases.refusal_table import REFUSED

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Recurrence
from taskflow.tasks.phrases.understanding import Origin, understand
from taskflow.tasks.phrases.vocabulary import WORDS
from taskflow.tasks.phrases.words import MAX_PHRASE

# A Monday.
ORIGIN = Origin(
    date(2026, 3, 2), datetime.fromisoformat("2026-03-02T09:00"), ZoneInfo("Europe/Berlin")
)
TASK = Origin(
    date(2026, 3, 2), datetime.fromisoformat("2026-03-02T10:07:03"), ORIGIN.zone, is_fixed=False
)

ENDS = [
    ("until 2027-01-01", "2027-01-01"),
    ("until 1 march 2027", "2027-03-01"),
    ("until march 3rd 2027", "2027-03-03"),
    ("until march 3rd, 2027", "2027-03-03"),
    ("until the 3rd of march", "2026-03-03"),
    ("until march", "2026-03-31"),
    ("until 1 march", "2027-03-01"),
    ("until february", "2027-02-28"),
    ("until february 2028", "2028-02-29"),
    ("until 29 february", "2028-02-29"),
    ("until the end of march", "2026-03-31"),
    ("until the end of the month", "2026-03-31"),
    ("until the end of next month", "2026-04-30"),
    ("until the end of the year", "2026-12-31"),
    ("until end of next year", "2027-12-31"),
    ("until the end of the week", "2026-03-08"),
    ("until tomorrow", "2026-03-03"),
    ("until friday", "2026-03-06"),
    ("until monday", "2026-03-02"),
    ("until next monday", "2026-03-09"),
    ("until in 3 weeks", "2026-03-23"),
    ("till the 3rd of april", "2026-04-03"),
    ("for 3 weeks", "2026-03-22"),
    ("for a week", "2026-03-08"),
    ("for 2 months", "2026-05-01"),
    ("for one year", "2027-03-01"),
    ("for 1 day", "2026-03-02"),
    ("from 1 april to 15 april", "2026-04-15"),
]
STARTS = [
    ("starting 2026-04-01", date(2026, 4, 1)),
    ("starting on 1 april", date(2026, 4, 1)),
    ("starting april", date(2026, 4, 1)),
    ("starting tomorrow", date(2026, 3, 3)),
    ("starting next monday", date(2026, 3, 9)),
    ("starting in 3 weeks", date(2026, 3, 23)),
    ("starting in a month", date(2026, 4, 2)),
    ("from 1 april", date(2026, 4, 1)),
    ("beginning friday", date(2026, 3, 6)),
]
COMPLETION = [
    ("every! 3 days", "FREQ=DAILY;INTERVAL=3"),
    ("every! day", "FREQ=DAILY"),
    ("every! monday", "FREQ=WEEKLY;BYDAY=MO"),
    ("every! 2 months at 9am", "FREQ=MONTHLY;INTERVAL=2;BYHOUR=9;BYMINUTE=0"),
    ("3 days after completion", "FREQ=DAILY;INTERVAL=3"),
    ("3 days after done", "FREQ=DAILY;INTERVAL=3"),
    ("every 3 days after it is done", "FREQ=DAILY;INTERVAL=3"),
    ("a week after completion", "FREQ=WEEKLY"),
    ("two weeks after it's finished", "FREQ=WEEKLY;INTERVAL=2"),
    ("4 hours after completion", "FREQ=HOURLY;INTERVAL=4"),
]


def meant(text: str, origin: Origin = ORIGIN) -> Recurrence:
    return understand(text, origin).recurrence


@pytest.mark.parametrize(("text", "rule"), PHRASES)
def test_a_phrase_means_its_rule_and_nothing_more(text: str, rule: str) -> None:
    skips = "skip" if "skipping" in text else "clamp"
    assert meant(text) == Recurrence(rule, "schedule", None, None, skips)  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "day"), ENDS)
def test_an_end_is_the_last_day_on_which_it_may_occur(text: str, day: str) -> None:
    assert meant(f"every day {text}").until == day


@pytest.mark.parametrize(("text", "day"), STARTS)
def test_a_start_is_the_first_day_on_which_it_may_occur(text: str, day: date) -> None:
    understood = understand(f"every day {text}", ORIGIN)
    assert (understood.starting, understood.start) == (
        day,
        datetime.combine(day, ORIGIN.start.time()),
    )


@pytest.mark.parametrize(("text", "rule"), COMPLETION)
def test_what_counts_from_completion_says_so(text: str, rule: str) -> None:
    assert (meant(text).rule, meant(text).mode) == (rule, "completion")


def test_so_many_times_are_its_count() -> None:
    assert [meant(f"every day {text}").count for text in ("for 5 times", "for one time")] == [5, 1]


@pytest.mark.parametrize(("text", "position", "message"), REFUSED)
def test_a_refusal_names_the_first_character_not_understood(
    text: str, position: int, message: str
) -> None:
    with pytest.raises(Invalid) as refused:
        meant(text)
    [error] = refused.value.errors
    assert (error.field, error.position) == ("text", position)
    assert message in error.message


def test_a_long_text_is_refused_unread() -> None:
    with pytest.raises(Invalid) as refused:
        meant("every day and " * 1_000)
    assert refused.value.errors[0].position == MAX_PHRASE


def test_without_a_due_date_it_counts_from_the_first_day_that_is_named() -> None:
    first = {
        "every other tuesday": "2026-03-03T00:00",
        "every 3 months on the 1st": "2026-04-01T00:00",
        "every 3 days": "2026-03-02T00:00",
        "every monday": "2026-03-02T00:00",
        "every monday at 9am": "2026-03-09T09:00",
        "every monday at 5pm": "2026-03-02T17:00",
        "every 4 hours": "2026-03-02T14:08",
        "every last friday at 5pm": "2026-03-27T17:00",
        "every 2 weeks starting 2026-04-01": "2026-04-01T00:00",
    }
    found = {text: f"{understand(text, TASK).start:%Y-%m-%dT%H:%M}" for text in first}
    assert found == first


def test_a_start_that_has_passed_is_refused_where_it_would_count() -> None:
    with pytest.raises(Invalid, match="has passed"):
        understand("every 2 weeks starting 2026-02-01", TASK)


def test_what_stands_beside_a_phrase_adds_to_it_but_never_contradicts_it() -> None:
    beside = {"mode": "completion", "until": "2027-01-01", "month_end": "skip", "count": None}
    assert understand("every 31st", ORIGIN, beside).recurrence == Recurrence(
        "FREQ=MONTHLY;BYMONTHDAY=31", "completion", "2027-01-01", None, "skip"
    )
    contradictions: list[tuple[str, dict[str, object]]] = [
        ("every! day", {"mode": "schedule"}),
        ("every day for 3 times", {"count": 4}),
        ("every day until march", {"until": "2026-04-30"}),
        ("every day skipping short months", {"month_end": "clamp"}),
        ("every day for 3 times", {"until": "2026-04-30"}),
    ]
    for text, given_beside in contradictions:
        with pytest.raises(Invalid):
            understand(text, ORIGIN, given_beside)


def test_a_process_that_reads_no_phrase_loads_no_parser() -> None:
    program = "import sys, taskflow.tasks.drafts; print('lark' in sys.modules)"
    shown = run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


@given(
    st.one_of(
        st.text(max_size=80),
        st.lists(
            st.sampled_from(
                [
                    *WORDS,
                    "15",
                    "2nd",
                    "5pm",
                    "17:30",
                    "2027",
                    "2026-04-01",
                    ",",
                    "-",
                    "3d",
                    "03/04",
                    "?",
                ]
            ),
            max_size=14,
        ).map(" ".join),
    )
)
@example("every 1st to 366th of the year")
@example("every 31st of february to january")
def test_any_text_is_understood_or_refused_at_a_place_within_it(text: str) -> None:
    try:
        found = meant(text)
    except Invalid as refused:
        [error] = refused.errors
        assert error.position is not None
        assert 0 <= error.position <= len(text)
        assert error.field == "text"
    else:
        assert found.rule.startswith("FREQ=")
