"""What one line makes of a task, and that nothing of it is lost."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.tasks.quick_add import beside_table, several_table
from tests.unit.tasks.quick_add.quick_add_table import LINES, REFUSED
from tests.unit.tasks.quick_add.reminders_table import REMINDERS

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Reminder
from taskflow.tasks.drafts import DEFAULTS, drafted
from taskflow.tasks.phrases.vocabulary import WORDS
from taskflow.tasks.quick_add.line import MAX_LINE, QuickTask, read_line

# A Monday, just after ten in the morning.
NOW = datetime(2026, 3, 2, 9, 7, 3, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def read(text: str) -> QuickTask:
    return read_line(text, NOW, BERLIN)


@pytest.mark.parametrize(
    ("text", "title", "due", "rule"), [*LINES, *several_table.LINES, *beside_table.LINES]
)
def test_a_line_says_what_when_and_how_often(
    text: str, title: str, due: str | None, rule: str | None
) -> None:
    task = read(text).given
    recurrence: Any = task.get("recurrence")
    assert (task["title"], task.get("due_date")) == (title, due)
    assert (recurrence and recurrence["rule"]) == rule
    assert bool(task.get("all_day")) == (due is not None and "T" not in due)


@pytest.mark.parametrize(
    ("text", "place", "message"), [*REFUSED, *several_table.REFUSED, *beside_table.REFUSED]
)
def test_a_phrase_that_makes_no_sense_as_a_whole_is_refused_and_no_part_of_it_is_taken(
    text: str, place: str, message: str
) -> None:
    with pytest.raises(Invalid) as refused:
        read(text)
    [error] = refused.value.errors
    assert (error.field, error.position) == ("text", text.index(place) if place else len(text))
    assert message in error.message


@pytest.mark.parametrize(("text", "reminders"), REMINDERS)
def test_a_line_says_when_to_remind(text: str, reminders: list[Reminder]) -> None:
    task = read(text).given
    assert task["reminders"] == reminders
    assert ("remind" in str(task["title"])) == (not reminders)


@pytest.mark.parametrize(
    ("text", "priority", "tags", "title"),
    [
        ("!high pay #home", "high", ["home"], "pay"),
        ("pay !1 #a #b-c #ä_1", "urgent", ["a", "b-c", "ä_1"], "pay"),
        ("pay !URGENT, now", "urgent", [], "pay, now"),
        ("pay !2", "high", [], "pay"),
        ("pay !3", "medium", [], "pay"),
        ("pay !4", "low", [], "pay"),
        ("pay !5 #1", None, [], "pay !5 #1"),
        ("pay !low !high", "low", [], "pay !high"),
        ("pay #a #a", None, ["a"], "pay"),
        ("pay a#b c!high", None, [], "pay a#b c!high"),
        ("pay \\#a \\!high", None, [], "pay #a !high"),
        ('pay "#a !high"', None, [], 'pay "#a !high"'),
        (f"pay #{'x' * 51}", None, [], f"pay #{'x' * 51}"),
    ],
)
def test_a_line_has_tags_and_one_priority(
    text: str, priority: str | None, tags: list[str], title: str
) -> None:
    task = read(text).given
    assert (task.get("priority"), task["tags"], task["title"]) == (priority, tags, title)


def test_tags_beyond_what_a_task_can_have_stay_in_the_title() -> None:
    task = read("pay " + " ".join(f"#tag{number}" for number in range(22))).given
    assert task["tags"] == [f"tag{number}" for number in range(20)]
    assert task["title"] == "pay #tag20 #tag21"


def test_a_phrase_goes_on_behind_a_tag_and_is_shown_in_pieces() -> None:
    quick = read("gym every mon #sport at 7am")
    assert [(one.kind, one.text) for one in quick.spans] == [
        ("recurrence", "every mon"),
        ("tag", "#sport"),
        ("recurrence", "at 7am"),
    ]


def test_what_was_understood_is_said_in_words() -> None:
    assert read("pay rent every 1st at 9am !high #home remind 1h 2d").sentence == (
        "every 1st of the month at 9:00, first on 1 April 2026 at 9:00; high priority; "
        "tagged home; reminder 1 hour before and 2 days before"
    )
    assert read("tea tomorrow remind today at 8pm").sentence == (
        "due 3 March 2026; reminder on 2 March 2026 at 20:00"
    )
    assert read("tea").sentence == "no date"


def test_a_line_that_would_be_read_for_ever_is_refused_where_it_became_too_much() -> None:
    with pytest.raises(Invalid, match="tangled") as refused:
        read("x " + "at 5pm " * 60 + "weekly")
    assert (refused.value.errors[0].position or 0) > 0


@pytest.mark.parametrize(
    ("text", "position"),
    [("every day", 0), ("  !high #home ", 0), ("x" * 256, 255), ("x" * (MAX_LINE + 1), MAX_LINE)],
)
def test_a_line_without_a_title_that_fits_is_refused(text: str, position: int) -> None:
    with pytest.raises(Invalid) as refused:
        read(text)
    [error] = refused.value.errors
    assert (error.field, error.position) == ("text", position)


@pytest.mark.parametrize(
    ("text", "piece", "message"),
    [
        ("yoga every tuesday at 7pm remind at 8pm", "remind at 8pm", "does not come again"),
        ("tea tomorrow remind 999999h", "remind 999999h", "at most a year before"),
        ("tea remind 1h", "remind 1h", "needs a due date"),
        ("tea today remind at 8am", "remind at 8am", "has passed already"),
        ("call mum friday monday", "monday", "when it is due is said already"),
        ("run 3 times a week", "3 times a week", "on which days"),
        ("take pill 3x a day", "3x a day", "at which times"),
        ("pay rent bi-weekly", "bi-weekly", "every 2 weeks"),
    ],
)
def test_what_a_task_cannot_have_is_told_with_its_place_and_stays_in_the_title(
    text: str, piece: str, message: str
) -> None:
    quick = read(text)
    [unused] = quick.unused
    assert (unused.text, text[unused.start : unused.end]) == (piece, piece)
    assert message in unused.message
    assert piece in str(quick.given["title"])


@pytest.mark.parametrize(("text", "day", "rule"), several_table.NAMED)
def test_a_day_that_names_a_thing_stays_in_the_title_and_is_told(
    text: str, day: str, rule: str
) -> None:
    quick = read(text)
    recurrence: Any = quick.given["recurrence"]
    [span] = quick.spans
    assert quick.given["title"] == text.replace(span.text, "").strip()
    assert (quick.given["due_date"], recurrence["rule"]) == ("2026-03-02", rule)
    [unused] = quick.unused
    assert (unused.text, text[unused.start : unused.end]) == (day, day)
    assert f"write “{span.text} on {day}” for that day" in unused.message


@pytest.mark.parametrize(("text", "day", "rule"), several_table.NAMED)
def test_what_is_told_of_a_day_in_the_title_can_be_written(text: str, day: str, rule: str) -> None:
    quick = read(text)
    [span] = quick.spans
    again: Any = read(f"sleep {span.text} on {day}").given["recurrence"]
    assert again["rule"].startswith(f"{rule};BY")


@pytest.mark.parametrize(("text", "day", "message"), beside_table.NAMED)
def test_a_day_that_names_a_thing_beside_a_time_is_told(text: str, day: str, message: str) -> None:
    [unused] = read(text).unused
    assert (unused.text, text[unused.start : unused.end]) == (day, day)
    assert message in unused.message


def test_a_day_in_the_title_is_told_also_where_a_time_is_said() -> None:
    quick = read("meeting with Monday team every week at 9am")
    assert quick.given["title"] == "meeting with Monday team"
    assert [one.text for one in quick.unused] == ["Monday"]


def test_a_line_of_which_all_is_used_says_nothing_of_it() -> None:
    assert read("pay rent every 1st at 9am !high #home remind 1h").unused == ()


PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [*WORDS, "5pm", "17:30", "2026-04-01", "15th", "3", "1h", ",", "-", "every"]
        ),
        st.sampled_from(["#tag", "!high", "\\every", '"tomorrow at 5"', '"', "remind", "mum"]),
        st.text(max_size=5),
    ),
    max_size=14,
).map(" ".join)


@given(PIECES)
@example("gym every mon #a #b at 7am")
@example("x every day until 2020-01-01")
@example("x every monday at 9am tomorrow at 5pm")
def test_any_line_is_a_valid_task_of_which_nothing_is_lost(text: str) -> None:
    try:
        quick = read(text)
    except Invalid as refused:
        places = [(error.field, error.position or 0) for error in refused.errors]
        quick = None
    if quick is None:
        assert all(field == "text" and 0 <= place <= len(text) for field, place in places)
        return
    assert [text[span.start : span.end] for span in quick.spans] == [s.text for s in quick.spans]
    ends = [0, *(place for span in quick.spans for place in (span.start, span.end)), len(text)]
    assert ends == sorted(ends)
    left = "".join(text[ends[index] : ends[index + 1]] for index in range(0, len(ends), 2))
    assert _letters(str(quick.given["title"])) == _letters(left)
    if "\x00" not in text:
        drafted(DEFAULTS, quick.given, NOW)


def _letters(text: str) -> str:
    """A text without what a title may lose: spaces, and marks where something was taken out."""
    return "".join(text.replace("\\", "").split()).strip(",;:")
