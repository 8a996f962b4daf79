"""Doubts a line that names a holiday where its day would be another one. Pure.

When a holiday is, differs from year to year and from country to country: none is read as a day. But
“xmas dinner at 6pm” is not due today, nor does “call mum every year on christmas” begin today.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from taskflow.tasks.phrases.parts import misread
from taskflow.tasks.quick_add import context
from taskflow.tasks.quick_add.doubt import says_day
from taskflow.tasks.quick_add.finding import Found
from taskflow.tasks.quick_add.line import Unused
from taskflow.tasks.quick_add.spans import Line

_HOLIDAYS: Final = frozenset(
    ("christmas", "diwali", "easter", "halloween", "hanukkah", "hogmanay", "ramadan",
     "nye", "thanksgiving", "xmas", "year's", "valentine's", "valentines")
)  # fmt: skip
_IN_TWO_WORDS: Final = frozenset(
    (("new", "years"), ("bank", "holiday"),
     *((name, "day") for name in ("boxing", "father's", "fathers", "labor", "labour", "memorial",
                                  "mother's", "mothers")))
)  # fmt: skip
_LEADING: Final = frozenset(
    ("AFTER", "AT", "BY", "EVERY", "FOR", "FROM", "IN", "NEXT", "ON", "STARTING", "THIS", "UNTIL")
)
_GOING_ON: Final = frozenset(("day", "eve", *context.DAYPARTS))
_WRITE: Final = "“{}” is not understood here; write its date, such as 1 May"


def holidays(line: Line, found: Sequence[Found]) -> list[Unused]:
    """The holidays that name a thing of the title, in a line whose day is that on which it is read.

    Raises:
        Invalid: a holiday is said as the day, or stands where a day would be read as such.
    """
    taken = [one for one in found if one.kind in ("recurrence", "due")]
    if not taken or any(map(says_day, taken)):
        return []
    return list(_named(line, found))


def _named(line: Line, found: Sequence[Found]) -> Iterator[Unused]:
    read = {index for one in found for index in range(one.first, one.last)}
    for index, word in enumerate(line.words):
        if line.is_quoted(word) or not (last := _ending(line, index)):
            continue
        begins = all(place in read for place in range(index))
        is_led = index > 0 and line.words[index - 1].kind in _LEADING
        message = _WRITE.format(word.text)
        if begins or is_led or not context.is_thing(line, last):
            raise misread(message, word.start)
        yield Unused(word.start, word.end, word.text, message)


def _ending(line: Line, index: int) -> int:
    """Where a holiday ends that begins with a word; 0 where none does."""
    names = [_plain(one.text) for one in line.words[index : index + 3]]
    number = 2 if tuple(names[:2]) in _IN_TWO_WORDS else int(names[0] in _HOLIDAYS)
    goes_on = number > 0 and any(one in _GOING_ON for one in names[number : number + 1])
    return index + number + goes_on if number else 0


def _plain(text: str) -> str:
    return text.lower().replace("\u2019", "'")
