"""What stands beside a day, a time or a recurrence in a line, and makes something else of it. Pure.

“the day after tomorrow” is not tomorrow, and “5pm EST” not 5pm: such a line is left as it was
written, or refused where nothing else can be meant, and never read as less than it says.
"""

import re
from collections.abc import Sequence
from typing import Final

from taskflow.tasks.phrases.parts import misread
from taskflow.tasks.phrases.words import Word
from taskflow.tasks.quick_add.spans import Line

# What makes another day or time of the one behind it, by terminal and by word.
_CHANGING: Final = frozenset(("AFTER", "BETWEEN", "EXCEPT", "FOR", "FROM", "UNTIL"))
_CHANGING_WORDS: Final = frozenset(
    ("before", "ending", "following", "not", "past", "since", "starting")
)
# The same of a day by its name or number: “last friday”, “next week friday”.
_CHANGING_NAMES: Final = frozenset(("FORTNIGHT", "LAST", "MONTHS", "ORDINAL", "WEEK", "YEARS"))
_NAMED: Final = frozenset(("NAME", "ORDINAL"))
_RANGES: Final = (["BETWEEN", "TIME", "SEP"], ["NAME", "TO", "NAME"])
DAYPARTS: Final = frozenset(("morning", "afternoon", "evening", "night"))
_ZONES: Final = frozenset(
    ("utc", "gmt", "bst", "cet", "cest", "eet", "eest", "est", "edt", "cst", "cdt", "mst", "mdt",
     "pst", "pdt", "ist", "jst", "aest", "aedt")
)  # fmt: skip
# What may follow “on the 15th”; a noun, as in “on the 5th floor”, makes a place of it.
_FOLLOWING: Final = frozenset(
    ("AFTER", "AT", "BEFORE", "BY", "EVERY", "FOR", "FROM", "IN", "ON", "REMIND", "TIME")
)
_FOLLOWING_WORDS: Final = frozenset(
    ("about", "her", "his", "my", "our", "their", "via", "with", "your")
)
# The days that a thing is named by; “last day bill” is rather a bill of the last day.
NAMING: Final = (["NAME"], ["MONTH", "NUMBER"], ["MONTH", "ORDINAL"], ["NUMBER", "MONTH"])
_DAY_ENDS: Final = re.compile(r"\s*(?:$|[^\w\s]|the\b)", re.IGNORECASE)


def is_changed(line: Line, first: int, last: int) -> bool:
    """Whether what stands before a day or time makes another one of it."""
    first -= first > 0 and line.words[first - 1].kind == "AT"
    before = line.words[max(first - 3, 0) : first]
    if not before:
        return False
    kinds = [word.kind for word in before]
    if (
        kinds[-2:] == ["WEEK", "OF"]
        or kinds in _RANGES
        or kinds[-1] in _CHANGING
        or _text(before[-1]) in _CHANGING_WORDS
    ):
        return True
    return kinds[-1] in _CHANGING_NAMES and line.words[first].kind in _NAMED and last > first


def is_place(line: Line, last: int) -> bool:
    """Whether a day of the month before a word may be the number of that: “on the 5th floor”."""
    if _DAY_ENDS.match(line.text, line.words[last - 1].end) or last == len(line.words):
        return False
    word = line.words[last]
    return word.kind not in _FOLLOWING and _text(word) not in _FOLLOWING_WORDS


def is_counted(line: Line, first: int) -> bool:
    """Whether a number before several days says how many, and not how often: “in 5 workdays”."""
    is_several = line.words[first].kind in ("NAMES", "WORKDAY", "WEEKEND")
    return is_several and line.kinds(first - 1, 1) == ["NUMBER"] and first > 0


def is_thing(line: Line, last: int) -> bool:
    """Whether a word of the title follows that a day or a number before it may name."""
    following = line.words[last : last + 1]
    return bool(following) and following[0].kind == "UNKNOWN" and is_place(line, last)


def part_of_day(line: Line, last: int) -> Word | None:
    """The word behind a day that says a part of it, but not which time."""
    return _following(line, last, DAYPARTS)


def refuse_half_of_day(line: Line, last: int) -> None:
    """Refuse a part of the day behind a time, which may change it: “at 7:30 in the evening”.

    Raises:
        Invalid: there is one, and it names nothing behind it, as “9am morning run” does.
    """
    is_led = line.kinds(last, 1) in (["IN"], ["AT"])
    part = line.words[last + 1 : last + 2] if is_led else line.words[last : last + 1]
    if part and _text(part[0]) in DAYPARTS and (is_led or not is_thing(line, last + 1)):
        message = f"“{part[0].text}” stands beside a time; write one such as 7:30pm or 19:30 alone"
        raise misread(message, part[0].start)


def refuse_part_of_day(word: Word) -> None:
    """Say that a part of the day is no time.

    Raises:
        Invalid: always.
    """
    message = f"“{word.text}” is no time of the day; write one, such as 9am or 19:00"
    raise misread(message, word.start)


def refuse_zone(line: Line, last: int) -> None:
    """Refuse a time of another zone.

    Raises:
        Invalid: it is one.
    """
    word = _following(line, last, _ZONES)
    if word is not None and line.words[last - 1].kind in ("TIME", "NUMBER"):
        message = f"“{word.text}” is not understood here; write the time in your own time zone"
        raise misread(message, word.start)


def refuse_miscounted(line: Line, first: int) -> None:
    """Refuse a day or a recurrence behind a number that changes how often: “every 2 mondays”.

    Raises:
        Invalid: there is such a number.
    """
    before = line.words[max(first - 2, 0) : first]
    kinds = [word.kind for word in before]
    if kinds == ["EVERY", "NUMBER"] and line.words[first].kind in ("NAME", "NAMES"):
        message = "has more than one reading; write for example “every 2 weeks on Monday”"
        raise misread(message, before[-1].start)
    if kinds == ["EVERY", "OTHER"] and line.words[first].kind == "ORDINAL":
        message = "has more than one reading; write for example “every 2 months on the 15th”"
        raise misread(message, before[-1].start)
    if kinds[-1:] == ["OTHER"] and line.words[first].kind == "NAMES":
        message = "is not understood here; write for example “every other Monday”"
        raise misread(message, before[-1].start)
    if kinds[-1:] == ["TWICE"] and line.words[first].kind == "ADVERB":
        raise misread("say at which times, or on which days", before[-1].start)
    if kinds and line.words[first].kind == "OF":
        message = "is not understood here; write for example “last day of every month”"
        raise misread(message, before[-1].start)


def refuse_minutes(line: Line, index: int) -> None:
    """Refuse what is to recur within the hour: “every 30 minutes”.

    Raises:
        Invalid: it is.
    """
    kinds = [word.kind for word in line.words[index : index + 3]]
    if kinds == ["EVERY", "NUMBER", "MINUTE"]:
        message = "is not understood here; nothing recurs more often than hourly"
        raise misread(message, line.words[index + 2].start)


def goes_on(taken: Sequence[Word], following: Word) -> bool:
    """Whether a word behind a recurrence says more about it, though it does not fit there."""
    if _text(following) in ("but", "ending", "ends") or following.kind == "OR":
        return True
    if taken[-1].kind == "NAME":
        return following.kind == "NAME"
    return taken[-1].kind in _CHANGING_NAMES and following.kind == "END"


def _following(line: Line, last: int, words: frozenset[str]) -> Word | None:
    following = line.words[last : last + 1]
    if not following or _text(following[0]) not in words:
        return None
    between = line.text[line.words[last - 1].end : following[0].start]
    return following[0] if between.isspace() else None


def _text(word: Word) -> str:
    return word.text.lower()
