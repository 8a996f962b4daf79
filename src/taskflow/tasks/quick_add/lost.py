"""Finds what says how often or on which day in words of which nothing can be taken. Pure.

“bi-weekly on friday” is not due on Friday once, and “12/24 at 3pm” not today: where such words end
the line, or stand before what is taken, they are meant. Within the title they are words alone.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from taskflow.tasks.phrases.numeric import numeric_hint
from taskflow.tasks.phrases.parts import misread
from taskflow.tasks.phrases.vocabulary import WORDS
from taskflow.tasks.quick_add.context import DAYPARTS, is_thing, part_of_day
from taskflow.tasks.quick_add.finding import Found
from taskflow.tasks.quick_add.line import Unused
from taskflow.tasks.quick_add.misspelt import is_nearly, nearest
from taskflow.tasks.quick_add.spans import Line

_UNITS: Final = frozenset(("DAY", "WEEK", "MONTHS", "YEARS"))
_LENGTHS: Final = _UNITS | {"MINUTE", "HOUR", "FORTNIGHT", "QUARTER"}
_COUNTED: Final = (["TWICE", "PER"], ["NUMBER", "TIMES", "PER"])
_TWOFOLD: Final = re.compile(
    r"(?:bi|semi|half)[-\u2010\u2011 ]?(?:week|month|annual|year)(?:ly)?", re.IGNORECASE
)
# “2.1” is rather a version than the 2nd of January.
_NUMERIC_DATE: Final = re.compile(r"\d{1,4}(?:/\d{1,2}(?:/\d{1,4})?|\.\d{1,2}\.\d*)(?![\w/])")
_REMINDER: Final = re.compile("remind(?:er)?", re.IGNORECASE)
_WHEN_TO_REMIND: Final = frozenset(("AT", "BEFORE", "IN", "NUMBER", "PER", "SPAN", "TIME"))
_WHEN: Final = "say at which times, or on which days"
_READINGS: Final = "“{}” has more than one reading; write {}, or put it in double quotes"
_MEANT: Final = "“{}” is not understood here; is “{}” meant? Put it in double quotes if not"
_PARTS_OF_DAYS: Final = frozenset(("nightly", *(f"{part}s" for part in DAYPARTS)))
# What “every” may stand before.
_EACH: Final = frozenset(
    ("NAME", "NAMES", "DAY", "WEEK", "FORTNIGHT", "MONTHS", "QUARTER", "YEARS", "HOUR", "WORKDAY",
     "WEEKEND", "OTHER", "NUMBER", "ORDINAL")
)  # fmt: skip
_OFTEN: Final = "for example “every 2 weeks” or “every 6 months”"


def lost(line: Line, found: Sequence[Found]) -> list[Unused]:
    """What is meant as how often or when, in a line that says nothing else of that.

    Raises:
        Invalid: the line does say something else, which would be taken for the whole.
    """
    taken = [one for one in found if one.kind in ("recurrence", "due")]
    unused = [*_oftennesses(line, found), *_almost_every(line)]
    for one in taken:
        _refuse_longer(line, one)
        if one.kind == "recurrence":
            _refuse_times(line, one)
        elif one.value.when is not None:
            _refuse_week(line, one)
        elif not one.value.minutes:
            _refuse_numeric(line, one)
            _refuse_part_of_day(line, one)
    _refuse_reminder(line, found)
    if taken and unused:
        raise misread(unused[0].message, unused[0].start)
    return unused


def _oftennesses(line: Line, found: Sequence[Found]) -> Iterator[Unused]:
    """“biweekly”, “bi-weekly” and “3 times a week”, at the end or before what is taken."""
    read = {index for one in found for index in range(one.first, one.last)}
    for index, word in enumerate(line.words):
        if index in read or line.is_quoted(word):
            continue
        last, message = _said(line, index)
        if last and (last == len(line.words) or last in read):
            end = line.words[last - 1].end
            yield Unused(word.start, end, line.text[word.start : end], message)


def _said(line: Line, index: int) -> tuple[int, str]:
    """Where words end that say how often, and what is wrong with them; 0 where they say nothing."""
    return _twofold(line, index) or _counted(line, index) or _almost_often(line, index) or (0, "")


def _almost_often(line: Line, index: int) -> tuple[int, str] | None:
    """“montly” and “nightly”; “2 nights” are as many in all."""
    word = line.words[index]
    text = word.text.lower()
    is_counted = index > 0 and line.words[index - 1].kind == "NUMBER"
    if word.kind != "UNKNOWN" or is_counted:
        return None
    if text in _PARTS_OF_DAYS:
        return index + 1, f"“{word.text}” is not understood here; write “every day at” and a time"
    meant = nearest(text)
    if meant is not None and WORDS[meant][0] == "ADVERB":
        return index + 1, _MEANT.format(word.text, meant)
    return None


def _almost_every(line: Line) -> Iterator[Unused]:
    """“evry” before a weekday or a unit, taken or not."""
    for word, following in pairwise(line.words):
        text = word.text.lower()
        is_every = is_nearly(text, "every") or text in ("ev", "ever")
        if is_every and word.kind == "UNKNOWN" and following.kind in _EACH:
            yield Unused(word.start, word.end, word.text, _MEANT.format(word.text, "every"))


def _twofold(line: Line, index: int) -> tuple[int, str] | None:
    """Where “biweekly” ends, which is twice a week or every two weeks."""
    match = _TWOFOLD.match(line.text, line.words[index].start)
    ends = [number for number, one in enumerate(line.words, 1) if match and one.end == match.end()]
    return (ends[0], _READINGS.format(match[0], _OFTEN)) if match and ends else None


def _counted(line: Line, index: int) -> tuple[int, str] | None:
    """Where “3 times a week” ends, which says no day."""
    for kinds in _COUNTED:
        last = index + len(kinds) + 1
        said = [word.kind for word in line.words[index:last]]
        if said[:-1] == kinds and said[-1] in _UNITS:
            return last, _WHEN
    return None


def _refuse_reminder(line: Line, found: Sequence[Found]) -> None:
    """Refuse a reminder that is meant and not understood: “remind me half an hour before”.

    Raises:
        Invalid: there is one.
    """
    read = {index for one in found for index in range(one.first, one.last)}
    for index, word in enumerate(line.words):
        if index in read or line.is_quoted(word) or not _REMINDER.fullmatch(word.text):
            continue
        following = line.words[index + 1 + (line.kinds(index + 1, 1) == ["ME"]) :][:1]
        if following and (following[0].kind in _WHEN_TO_REMIND or following[0].text == "half"):
            message = "is not understood here; write for example “remind 30m” or “remind at 8am”"
            raise misread(message, following[0].start)


def _refuse_longer(line: Line, one: Found) -> None:
    """Refuse “in 1 hour 30 minutes”, of which the hour alone would be taken.

    Raises:
        Invalid: a length goes on so.
    """
    if line.words[one.last - 1].kind not in _LENGTHS | {"SPAN"}:
        return
    start = one.last + (line.kinds(one.last, 1) == ["SEP"])
    number, *unit = line.kinds(start, 2) or [""]
    if number == "SPAN" or (number in ("NUMBER", "PER") and unit and unit[0] in _LENGTHS):
        message = "goes on with what is not understood here; write one length, such as 90 minutes"
        raise misread(message, line.words[start].start)


def _refuse_times(line: Line, one: Found) -> None:
    """Refuse “every day 5 times”, five in all or each day, and the times in “every day 9-10am”.

    Raises:
        Invalid: the recurrence goes on so.
    """
    words = line.words[one.last : one.last + 3]
    kinds = [word.kind for word in words]
    if kinds[:2] == ["NUMBER", "TIMES"] and kinds[2:] != ["PER"]:
        many = line.text[words[0].start : words[1].end]
        raise misread(_READINGS.format(many, f"“for {many}”"), words[0].start)
    is_range = kinds == ["NUMBER", "TO", "NUMBER"] and not is_thing(line, one.last + 3)
    if is_range or kinds == ["NUMBER", "TO", "TIME"]:
        raise misread("is not understood here; write the time at which it begins", words[0].start)


def _refuse_week(line: Line, one: Found) -> None:
    """Refuse “friday week” and “a week today”, which are a week after the day that is taken.

    Raises:
        Invalid: a week, a fortnight or the next of them stands beside a weekday or today.
    """
    if one.value.when.kind not in ("weekday", "today"):
        return
    following = line.kinds(one.last, 2)
    after = one.last + (following[:1] == ["NEXT"])
    before = one.first - 1
    for index in (after, before):
        if 0 <= index < len(line.words) and line.words[index].kind in ("WEEK", "FORTNIGHT"):
            word = line.words[index]
            raise misread(f"“{word.text}” beside a day is not understood; write a date", word.start)


def _refuse_numeric(line: Line, one: Found) -> None:
    """Refuse a date in numbers before a time, which would be taken as one of today.

    Raises:
        Invalid: there is one.
    """
    # The full stop behind “24.12.” is a word by itself.
    for word in line.words[max(one.first - 2, 0) : one.first]:
        match = _NUMERIC_DATE.match(line.text, word.start) if word.kind == "NUMERIC" else None
        if match and not line.text[match.end() : line.words[one.first].start].strip():
            raise misread(numeric_hint(match[0]), word.start)


def _refuse_part_of_day(line: Line, one: Found) -> None:
    """Refuse “monday morning at 9am”, whose time would be taken without its day.

    Raises:
        Invalid: a day and a part of it stand before the time.
    """
    before = line.words[max(one.first - 2, 0) : one.first]
    if [word.kind for word in before] not in (["NAME", "UNKNOWN"], ["TODAY", "UNKNOWN"]):
        return
    word = part_of_day(line, one.first - 1)
    if word is not None:
        message = f"“{word.text}” stands between the day and its time; leave it out"
        raise misread(message, word.start)
