"""Doubts a time or a day alone where other words of the line may be its day or its time. Pure.

“dinner the day after tomorrow at 8pm” is not due today at 8pm: a time alone is that of today only
where no word says another day. What names a thing (“prepare monday report at 5pm”) is told.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from taskflow.tasks.phrases.numeric import numeric_hint
from taskflow.tasks.phrases.parser import Start, whole_beginnings
from taskflow.tasks.phrases.parts import misread
from taskflow.tasks.phrases.vocabulary import DAY_NAMES, MONTH_NAMES, WORDS
from taskflow.tasks.phrases.words import words_of
from taskflow.tasks.quick_add import context
from taskflow.tasks.quick_add.doubt import says_day
from taskflow.tasks.quick_add.finding import FULL_NAME, Found
from taskflow.tasks.quick_add.line import Unused
from taskflow.tasks.quick_add.misspelt import nearest
from taskflow.tasks.quick_add.spans import Line

# With it whatever names a day is a whole one.
_ON: Final = words_of("on")
_UNITS: Final = frozenset(
    ("HOUR", "MINUTE", "DAY", "WEEK", "FORTNIGHT", "MONTHS", "QUARTER", "YEARS", "WORKDAY",
     "WEEKEND")
)  # fmt: skip
_CALENDAR: Final = _UNITS | {"NAME", "NAMES", "MONTH"}
_DAYS: Final = frozenset(("END", "NAME", "TODAY", "DATE", "LAST", "ORDINAL", "NUMBER", "MONTH"))
# What makes a day of a word that alone may be anything: “before fri”, “in march”.
_LEADING: Final = frozenset(
    ("AFTER", "BETWEEN", "BY", "FOR", "FROM", "IN", "LAST", "NEXT", "ON", "THIS", "TO", "UNTIL")
)
_LEADING_WORDS: Final = frozenset(("before", "coming", "early", "late", "mid", "past", "since"))
_WITHIN: Final = frozenset(("early", "late", "mid"))
_POSSESSIVE: Final = re.compile("(?:tomorrow|" + "|".join(DAY_NAMES) + ")['\u2019]s", re.IGNORECASE)
_HOUR_AND_MINUTE: Final = re.compile(r"\d{1,2}h\d\d", re.IGNORECASE)
# “1/2” is a half, “2.1” a version and “555-1234” a telephone: a year says that it is a date.
_LONG_DATE: Final = re.compile(
    r"(?:\d{1,2}([./-])\d{1,2}\1\d{2,4}|\d{4}([./-])\d{1,2}\2\d{1,2})(?![\w/-])"
)
_NAMED_DATE: Final = re.compile(
    rf"(?:\d{{1,2}}[./-](?:{'|'.join(name[:3] for name in MONTH_NAMES)})|20\d{{6}}(?!\d))",
    re.IGNORECASE,
)
_JOINED: Final = re.compile(r"([^\W\d]+)/([^\W\d]+)")
_OTHER_DAYS: Final = frozenset(("eom", "eow", "eoy", "yesterday"))
_MOST_WORDS: Final = 3
_CLOCK: Final = "a time such as 17:30"
_DAY: Final = "“{}” may be the day of this time; write them together, such as “on friday at 17:00”"
_ONLY_EVERY: Final = "“{}” is understood behind “every” alone; write that, or a date"
_UNCLEAR: Final = (
    "“{}” is not understood here; write the day and its time together, such as “friday at 17:00”, "
    "or put it in double quotes where it is a word alone"
)
_WRITE: Final = (
    "“{}” is not understood here; write {}, or put it in double quotes where it is a word alone"
)
_QUOTES: Final = ", or put it in double quotes where it is a word alone"


def days_beside(line: Line, found: Sequence[Found]) -> list[Unused]:
    """The days that name a thing of the title, beside a time alone.

    Raises:
        Invalid: there are words that would be its day, or that of a recurrence without one, and
            name nothing.
    """
    taken = [one for one in found if one.kind in ("recurrence", "due")]
    if not taken or any(map(says_day, taken)):
        return []
    for index in _unread(line, found):
        _refuse_misspelt(line, index)
    if not all(one.kind == "due" for one in taken):
        return []
    clock = taken[0]
    said = line.text[line.words[clock.first].start : line.words[clock.last - 1].end]
    aside = []
    for index in _unread(line, found):
        _refuse_unclear(line, index)
        _refuse_every(line, index, clock.first)
        if one := _day_aside(line, index, clock, said):
            aside.append(one)
    return aside


def refuse_times_beside(line: Line, found: Sequence[Found]) -> None:
    """Refuse a time that is not understood beside a day of which no other is said.

    Raises:
        Invalid: there is one.
    """
    taken = [one for one in found if one.kind in ("recurrence", "due")]
    if not taken or any(map(_has_time, taken)):
        return
    read = set(_read(found))
    for index in _unread(line, found):
        word = line.words[index]
        if _HOUR_AND_MINUTE.fullmatch(word.text):
            right = word.text.lower().replace("h", ":")
            raise misread(_WRITE.format(word.text, right), word.start)
        if word.kind in ("AT", "BY") and _is_time(line, index + 1, read):
            following = line.words[index + 1]
            raise misread(_WRITE.format(following.text, _CLOCK), following.start)
        if _is_bare_time(line, index, read) or _is_half(line, index):
            raise misread(_WRITE.format(word.text, _CLOCK), word.start)


def _has_time(one: Found) -> bool:
    if one.kind == "due":
        return bool(one.value.clock or one.value.minutes)
    return bool(one.value.has_time or one.value.is_hourly)


def _read(found: Sequence[Found]) -> Iterator[int]:
    for one in found:
        yield from range(one.first, one.last)


def _unread(line: Line, found: Sequence[Found]) -> Iterator[int]:
    """The words of the title that are not quoted."""
    read = set(_read(found))
    for index, word in enumerate(line.words):
        if index not in read and not line.is_quoted(word):
            yield index


def _refuse_misspelt(line: Line, index: int) -> None:
    """Refuse a word that is almost that of a day, or of a month beside a number.

    Raises:
        Invalid: it is one.
    """
    word = line.words[index]
    meant = nearest(word.text) if word.kind == "UNKNOWN" else None
    if meant is None or WORDS[meant][0] not in ("NAME", "TODAY", "MONTH"):
        return
    around = line.words[max(index - 1, 0) : index + 2]
    if WORDS[meant][0] == "MONTH" and not any(one.kind in ("NUMBER", "ORDINAL") for one in around):
        return
    raise misread(_WRITE.format(word.text, f"“{meant}”"), word.start)


def _refuse_unclear(line: Line, index: int) -> None:
    """Refuse words that say another day than today in a way that is not understood.

    Raises:
        Invalid: a word begins such.
    """
    word = line.words[index]
    if number := _unclear(line, index):
        words = line.words[index : index + number]
        raise misread(_UNCLEAR.format(line.text[word.start : words[-1].end]), word.start)
    if date := _NAMED_DATE.match(line.text, word.start):
        raise misread(_WRITE.format(date[0], "a date such as 2026-04-03"), word.start)
    if date := _LONG_DATE.match(line.text, word.start):
        raise misread(numeric_hint(date[0]), word.start)


def _unclear(line: Line, index: int) -> int:
    """How many words say such a day: “next week”, “in the evening”, “a week later”; 0 for none."""
    first, second = [*line.kinds(index, 2), "", ""][:2]
    texts = [one.text.lower() for one in line.words[index + 1 : index + 3]]
    is_week = first in ("AT", "BY", "FOR", "NEXT", "ON", "THIS") and second in _UNITS
    is_part = first in ("IN", "THIS") and texts[:1] and texts[0] in context.DAYPARTS
    is_week = is_week or (line.words[index].text.lower() in _WITHIN and second in _UNITS)
    if is_week or is_part or (first == "IN" and second == "SPAN"):
        return len(("next", "week"))
    if first in ("AFTER", "IN") or line.words[index].text.lower() == "within":
        # “in a few days”, “in a couple of days”.
        ahead = line.kinds(index + 2, 1 + (second == "PER") + ("couple" in texts))
        if ahead[-1:] and ahead[-1] in _UNITS:
            return len(("in", "few", *ahead))
    if first in _UNITS and (texts[:1] == ["later"] or second in ("AFTER", "BEFORE")):
        return len(("week", "later"))
    is_ahead = first in _UNITS and texts == ["from", "now"]
    return len(("days", "from", "now")) if is_ahead else int(_is_other_day(line, index))


def _is_other_day(line: Line, index: int) -> bool:
    """Whether a word alone says such a day, or days stand together in one: “tue/thu”."""
    word = line.words[index]
    if days := _JOINED.match(line.text, word.start):
        return all(WORDS.get(day.lower(), ("",))[0] == "NAME" for day in days.groups())
    return word.kind in ("TONIGHT", "NAMES") or word.text.lower() in _OTHER_DAYS


def _refuse_every(line: Line, index: int, clock: int) -> None:
    """Refuse “every school day at 3pm”, which says how often and is not understood.

    Raises:
        Invalid: it is such, and no title: few words before the time, or a unit among them.
    """
    if line.words[index].kind != "EVERY":
        return
    following = line.words[index + 1 : index + 6]
    is_often = any(WORDS.get(one.text.lower(), ("",))[0] in _CALENDAR for one in following)
    if following and (is_often or 0 < clock - index - 1 <= _MOST_WORDS):
        message = (
            f"“{following[0].text}” is not understood behind “{line.words[index].text}”; write "
        )
        raise misread(f"{message}for example “every weekday”{_QUOTES}", following[0].start)


def _day_aside(line: Line, index: int, clock: Found, said: str) -> Unused | None:
    """The longest day from a word on, where it names a thing of the title.

    Raises:
        Invalid: there is one, and it names nothing.
    """
    word = line.words[index]
    if _POSSESSIVE.fullmatch(word.text):
        return _thing(line, index, index + 1, f"{said} on {word.text[:-2]}")
    if word.kind not in _DAYS:
        return None
    once, always = (_day_length(line, index, clock.first, how) for how in ("due", "recurrence"))
    last = index + max(once, always)
    if last == index or (last == index + 1 and _is_other(line, index, clock)):
        return None
    if part := context.part_of_day(line, last):
        raise misread(
            f"“{part.text}” stands between the day and its time; leave it out", part.start
        )
    day = line.text[word.start : line.words[last - 1].end]
    if line.kinds(index, last - index) in context.NAMING and context.is_thing(line, last):
        return _thing(line, index, last, f"{said} on {day}")
    reason = _DAY if once >= always else _ONLY_EVERY
    raise misread(reason.format(day) + _QUOTES, word.start)


def _day_length(line: Line, index: int, clock: int, start: Start) -> int:
    """Of how many words, without the time itself, the longest day is made from a word on."""
    end = clock if clock > index else len(line.words)
    words = [*_ON, *line.words[index:end]]
    return max((number - len(_ON) for number in whole_beginnings(words, start)), default=0)


def _is_other(line: Line, index: int, clock: Found) -> bool:
    """Whether a word alone is no day, unless what stands before it or the time makes it one."""
    word = line.words[index]
    before = line.words[index - 1] if index else None
    is_led = before is not None and (
        before.kind in _LEADING or before.text.lower() in _LEADING_WORDS
    )
    if word.kind == "NAME":
        following = index + 1 + (line.kinds(index + 1, 1) == ["SEP"])
        is_beside = following == clock.first or index == clock.last
        return len(word.text) < FULL_NAME and not is_led and not is_beside
    if word.kind == "MONTH":
        return not is_led
    if word.kind == "ORDINAL":
        return not word.text[0].isdigit() or context.is_place(line, index + 1)
    return word.kind not in ("TODAY", "DATE")


def _thing(line: Line, first: int, last: int, other: str) -> Unused:
    start, end = line.words[first].start, line.words[last - 1].end
    return Unused(
        start, end, line.text[start:end], f"it names a thing here; write “{other}” for that day"
    )


def _is_time(line: Line, index: int, read: set[int]) -> bool:
    """Whether a number behind “at” or “by” is none of a thing: “at 0900”, not “at 5 places”."""
    following = line.words[index : index + 1]
    if not following or index in read or not following[0].text[0].isdigit():
        return False
    return index + 1 in read or not context.is_thing(line, index + 1)


def _is_bare_time(line: Line, index: int, read: set[int]) -> bool:
    """Whether a number stands right behind a day and before no thing: “every friday 1630”."""
    kind = line.words[index].kind
    return (
        kind in ("YEAR", "NUMBER", "NUMERIC")
        and index - 1 in read
        and not context.is_thing(line, index + 1)
    )


def _is_half(line: Line, index: int) -> bool:
    """Whether “half past” or “quarter to” begins here."""
    texts = [one.text.lower() for one in line.words[index : index + 2]]
    return texts in (["half", "past"], ["quarter", "past"], ["quarter", "to"])
