"""Refuses a line of which one day or time would be taken, and others beside it not. Pure.

“on the 1st and 15th” is two days: a task that is due on one of them is not what was meant.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from taskflow.tasks.phrases.parts import misread
from taskflow.tasks.phrases.words import Word
from taskflow.tasks.quick_add.finding import FULL_NAME, Found
from taskflow.tasks.quick_add.spans import Line

_LISTING: Final = frozenset(("SEP", "OR"))
# What is listed with what, by terminal.
_ALIKE: Final = {
    "NAME": frozenset(("NAME",)),
    "ORDINAL": frozenset(("ORDINAL",)),
    "TIME": frozenset(("TIME",)),
    "MONTH": frozenset(("MONTH", "ORDINAL")),
}


def refuse_several(line: Line, found: Sequence[Found]) -> None:
    """Refuse what is taken out of a list of days or times that stays in the title.

    Raises:
        Invalid: there is such a list.
    """
    read = {index for one in found for index in range(one.first, one.last)}
    for one in found:
        if one.kind in ("recurrence", "due"):
            for index in _beside(line, one):
                if index not in read or _is_listed(line, one, index):
                    _refuse(line.words[index])


def _is_listed(line: Line, one: Found, index: int) -> bool:
    """Whether “and” or “or” stands between what was found and another day or time, found or not."""
    between = index - 1 if index > one.first else index + 1
    return one.kind == "due" and line.words[between].kind in _LISTING


def _refuse(word: Word) -> None:
    every = "every day at" if word.kind == "TIME" else "every"
    message = (
        f"“{word.text}” is one of several here: leave one alone, or write “{every}” before them "
        "and “and” between; in double quotes they are words alone"
    )
    raise misread(message, word.start)


def _beside(line: Line, one: Found) -> Iterator[int]:
    """The words next to what was found that would be listed with it, in the line's order."""
    words = line.words
    before = one.first - 1
    is_listed = before >= 0 and words[before].kind in _LISTING
    before -= is_listed
    if before >= 0 and _is_alike(line, one.first, before, is_listed=is_listed):
        yield before
    after = one.last
    if words[after : after + 1] and words[after].kind in _LISTING:
        after += 1
        if (
            one.kind == "due"
            and after < len(words)
            and _is_alike(line, one.last - 1, after, is_listed=True)
        ):
            yield after


def _is_alike(line: Line, taken: int, other: int, *, is_listed: bool) -> bool:
    """Whether two words are of one kind, with nothing between them that makes them two things."""
    kind, beside = _kind(line, taken), _kind(line, other)
    if (kind, beside) == ("TIME", "NUMBER"):
        return is_listed and line.kinds(other - 1, 1) == ["AT"]
    if beside not in _ALIKE.get(kind, ()):
        return False
    word = line.words[other]
    is_word = len(word.text) < FULL_NAME and line.text[: word.start].lower().endswith("the ")
    return is_listed or (kind == "NAME" and not is_word)


def _kind(line: Line, index: int) -> str:
    """The terminal of a word; that of the month for the number of a day beside one."""
    kind = line.words[index].kind
    around = line.words[max(index - 1, 0) : index + 2]
    if kind == "NUMBER" and any(word.kind == "MONTH" for word in around):
        return "MONTH"
    return kind
