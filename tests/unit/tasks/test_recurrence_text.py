"""Lines of iCalendar are taken where a rule belongs, and what is not taken is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Recurrence
from taskflow.tasks.recurrence_rules import parse_recurrence

PASTED = (
    "RRULE:FREQ=WEEKLY;BYDAY=MO,\r\n WE;COUNT=9\r\n"
    "EXDATE;TZID=Europe/Berlin:20260302T090000,20260304T090000\r\n"
    "EXDATE;VALUE=DATE:20260309\r\n"
    "RDATE:20260310T080000Z\r\n"
)


def test_folded_lines_and_their_dates_are_read() -> None:
    assert parse_recurrence({"rule": PASTED}) == Recurrence(
        "FREQ=WEEKLY;BYDAY=MO,WE",
        count=9,
        exdates=("2026-03-02T08:00:00Z", "2026-03-04T08:00:00Z", "2026-03-09"),
        rdates=("2026-03-10T08:00:00Z",),
    )


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY\nEXDATE:20260302T090000",
        "EXDATE:20260302T090000\nRRULE:FREQ=DAILY",
        "  RRULE:FREQ=DAILY\n  EXDATE:20260302T090000\n\n",
        "rrule:freq=daily\rexdate:20260302T090000",
        "RRULE:FREQ=DA\n\tILY\nEXDATE;VALUE=DATE-TIME:202603\n 02T090000",
    ],
)
def test_the_order_the_case_and_the_line_ends_do_not_matter(text: str) -> None:
    found = parse_recurrence({"rule": text, "exdates": ["2026-03-02T09:00:00"]})
    assert (found.rule, found.exdates) == ("FREQ=DAILY", ("2026-03-02T09:00:00",))


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("RRULE:FREQ=DAILY;FOO=1", "FOO"),
        ("RRULE:FREQ=DA\n ILY;FOO=1", "FOO"),
        ("EXDATE:20260302\nRRULE:FREQ=WEEKLY;BYDAY=XX", "XX"),
        ("RRULE:FREQ=DAILY\nDTSTART:20260302T090000", "DTSTART"),
        ("RRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY", "EXRULE"),
        ("BEGIN:VEVENT\nRRULE:FREQ=DAILY", "BEGIN"),
        ("RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY", "FREQ=WEEKLY"),
        ("RRULE:FREQ=DAILY\nEXDATE:20260302,soon", "soon"),
        ("RRULE:FREQ=DAILY\nEXDATE;TZID=Mars/Olympus:20260302T090000", "EXDATE"),
        ("RRULE:FREQ=DAILY\nRDATE;VALUE=PERIOD:20260302T090000Z/PT1H", "RDATE"),
        ("RRULE;X-A=1:FREQ=DAILY", "RRULE"),
    ],
)
def test_what_is_not_taken_is_named_with_its_place_in_what_was_pasted(text: str, bad: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_recurrence({"rule": text})
    error = caught.value.errors[0]
    assert error.field == "recurrence.rule"
    assert error.position == text.rindex(bad)


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;BYHOUR=" + "1," * 5_000,
        "RRULE:FREQ=" + "D" * 10_000,
        "FREQ=DAILY;" * 1_000,
        "\n".join(["RRULE:FREQ=DAILY"] * 600),
        "EXDATE:" + "," * 9_000,
        "A\n " * 4_000,
        "x" * 1_000_000,
    ],
)
def test_ten_kilobytes_and_more_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_recurrence({"rule": text})


@given(st.text(alphabet="RULEXDATFQ=YIW;:,\n\r \t0123456789TZ", max_size=60))
def test_any_pasted_text_is_a_recurrence_or_an_invalid_one(text: str) -> None:
    try:
        found = parse_recurrence({"rule": "RRULE:FREQ=DAILY\n" + text})
    except Invalid as error:
        position = error.errors[0].position
        assert position is None or 0 <= position <= len(text) + 17
    else:
        assert found.rule.startswith("FREQ=DAILY")
