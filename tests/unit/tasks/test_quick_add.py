"""What one line makes of a task, and that nothing of it is lost."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Reminder
from taskflow.tasks.drafts import DEFAULTS, drafted
from taskflow.tasks.phrases_vocabulary import WORDS
from taskflow.tasks.quick_add import MAX_LINE, QuickTask, read_line

# A Monday, just after ten in the morning.
NOW = datetime(2026, 3, 2, 9, 7, 3, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
# A line, its title, its due date, and its rule.
LINES = [
    ("buy milk", "buy milk", None, None),
    ("call mum tomorrow", "call mum", "2026-03-03", None),
    ("call mum today", "call mum", "2026-03-02", None),
    ("call mum tomorrow at 5pm", "call mum", "2026-03-03T16:00:00Z", None),
    ("call mum at 5pm tomorrow", "call mum", "2026-03-03T16:00:00Z", None),
    ("call tomorrow mum at 5pm", "call mum", "2026-03-03T16:00:00Z", None),
    ("tomorrow call mum", "call mum", "2026-03-03", None),
    ("call mum at 5pm", "call mum", "2026-03-02T16:00:00Z", None),
    ("call mum at 8am", "call mum", "2026-03-03T07:00:00Z", None),
    ("call mum at 17", "call mum", "2026-03-02T16:00:00Z", None),
    ("call mum 17:30", "call mum", "2026-03-02T16:30:00Z", None),
    ("lunch at noon on 5 march", "lunch", "2026-03-05T11:00:00Z", None),
    ("call mum on friday", "call mum", "2026-03-06", None),
    ("call mum friday", "call mum", "2026-03-06", None),
    ("friday: call mum", "call mum", "2026-03-06", None),
    ("call mum monday", "call mum", "2026-03-02", None),
    ("call mum next monday", "call mum", "2026-03-09", None),
    ("call mum on monday at 9:00", "call mum", "2026-03-09T08:00:00Z", None),
    ("call mum by wed", "call mum", "2026-03-04", None),
    ("call mum this thursday at 9:00", "call mum", "2026-03-05T08:00:00Z", None),
    ("call mum on the 15th", "call mum", "2026-03-15", None),
    ("call mum on the 1st", "call mum", "2026-04-01", None),
    ("call mum 1 march", "call mum", "2027-03-01", None),
    ("call mum on march 2 at 9:00", "call mum", "2027-03-02T08:00:00Z", None),
    ("call mum march 3rd 2027", "call mum", "2027-03-03", None),
    ("call mum 2026-04-01 at 10:30", "call mum", "2026-04-01T08:30:00Z", None),
    ("call mum in 3 weeks", "call mum", "2026-03-23", None),
    ("call mum in 2 hours", "call mum", "2026-03-02T11:07:00Z", None),
    ("call mum in 10 min", "call mum", "2026-03-02T09:17:00Z", None),
    ("report by end of month", "report", "2026-03-31", None),
    ("report due on friday", "report", "2026-03-06", None),
    # What may be a part of the title is one.
    ("prepare monday report tomorrow", "prepare monday report", "2026-03-03", None),
    ("write weekly report", "write weekly report", None, None),
    ("daily stand-up notes", "stand-up notes", "2026-03-02", "FREQ=DAILY"),
    ("sit in the sun", "sit in the sun", None, None),
    ("buy sun cream", "buy sun cream", None, None),
    ("march for peace", "march for peace", None, None),
    ("check every room", "check every room", None, None),
    ("report next week", "report next week", None, None),
    ("report in march", "report in march", None, None),
    ("meeting at 5", "meeting at 5", None, None),
    ("taxes until 03/04", "taxes until 03/04", None, None),
    ("taxes by 03/04", "taxes by 03/04", None, None),
    ("remind bob about the bill", "remind bob about the bill", None, None),
    ("fix #123 in 1.2.3", "fix #123 in 1.2.3", None, None),
    ("call mum tomorrow or on friday", "call mum or on friday", "2026-03-03", None),
    # What is meant literally.
    ('read "every man dies" tomorrow', 'read "every man dies"', "2026-03-03", None),
    ("\\every dog has its day", "every dog has its day", None, None),
    ('say "tomorrow"', 'say "tomorrow"', None, None),
    ("call \\tomorrow at 5pm", "call tomorrow", "2026-03-02T16:00:00Z", None),
    ("ship C:\\temp", "ship C:\\temp", None, None),
    # What recurs.
    ("water plants every 3 days", "water plants", "2026-03-02", "FREQ=DAILY;INTERVAL=3"),
    ("water plants weekly", "water plants", "2026-03-02", "FREQ=WEEKLY"),
    ("gym on mondays", "gym", "2026-03-02", "FREQ=WEEKLY;BYDAY=MO"),
    ("gym on weekdays", "gym", "2026-03-02", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
    ("gym on workday", "gym on workday", None, None),
    ("gym every tue, thu", "gym", "2026-03-03", "FREQ=WEEKLY;BYDAY=TU,TH"),
    (
        "review every monday the books at 5pm",
        "review the books",
        "2026-03-02T16:00:00Z",
        "FREQ=WEEKLY;BYDAY=MO;BYHOUR=17;BYMINUTE=0",
    ),
    (
        "at 5pm every friday review",
        "review",
        "2026-03-06T16:00:00Z",
        "FREQ=WEEKLY;BYDAY=FR;BYHOUR=17;BYMINUTE=0",
    ),
    ("pay tomorrow every month", "pay", "2026-03-03", "FREQ=MONTHLY"),
    ("pay every month tomorrow at 9:00", "pay", "2026-03-03T08:00:00Z", "FREQ=MONTHLY"),
    ("stretch every 2 hours", "stretch", "2026-03-02T11:08:00Z", "FREQ=HOURLY;INTERVAL=2"),
    ("pay every 1st and banana", "pay and banana", "2026-04-01", "FREQ=MONTHLY;BYMONTHDAY=1"),
    ("pay every other tuesday", "pay", "2026-03-03", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
]
REMINDERS = [
    ("tea tomorrow at 9:00 remind 1h", [Reminder(offset="PT1H")]),
    ("tea tomorrow at 9:00 remind me 1 hour before", [Reminder(offset="PT1H")]),
    ("tea tomorrow at 9:00 remind 1h 1d before", [Reminder(offset="PT1H"), Reminder(offset="P1D")]),
    ("tea tomorrow at 9:00 remind 30m and 2w", [Reminder(offset="PT30M"), Reminder(offset="P2W")]),
    (
        "tea tomorrow at 9:00 remind 1h remind 1d",
        [Reminder(offset="PT1H"), Reminder(offset="P1D")],
    ),
    (
        "tea tomorrow at 9:00 remind at 8am",
        [Reminder(at=datetime(2026, 3, 3, 7, tzinfo=UTC))],
    ),
    (
        "tea tomorrow remind today at 8pm",
        [Reminder(at=datetime(2026, 3, 2, 19, tzinfo=UTC))],
    ),
    ("tea remind at 8pm", [Reminder(at=datetime(2026, 3, 2, 19, tzinfo=UTC))]),
    ("tea every day at 9:00 remind at 8:15", [Reminder(offset="PT45M")]),
    # What cannot be kept is not promised.
    ("tea remind 1h", []),
    ("tea every day remind at 8am", []),
    ("tea every day at 9:00 remind at 10am", []),
    ("tea today remind at 8am", []),
    ("tea tomorrow remind 900d", []),
    ("tea tomorrow remind friday", []),
]


def read(text: str) -> QuickTask:
    return read_line(text, NOW, BERLIN)


@pytest.mark.parametrize(("text", "title", "due", "rule"), LINES)
def test_a_line_says_what_when_and_how_often(
    text: str, title: str, due: str | None, rule: str | None
) -> None:
    task = read(text).given
    recurrence: Any = task.get("recurrence")
    assert (task["title"], task.get("due_date")) == (title, due)
    assert (recurrence and recurrence["rule"]) == rule
    assert bool(task.get("all_day")) == (due is not None and "T" not in due)


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
        fields = {error.field for error in refused.errors}
        quick = None
    if quick is None:
        assert fields == {"text"}
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
