"""Finds what a line says of a task beside its title: tags, priority, dates, reminders. Pure.

Loaded with the first line that is read, since it needs the parser.
"""

import re
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from taskflow.base.errors import Invalid
from taskflow.tasks.phrases.parser import Branch, Start, tree_of, whole_beginnings
from taskflow.tasks.phrases.parts import When, misread
from taskflow.tasks.phrases.tokens import (
    amount,
    branches,
    clock_of,
    length_of,
    place,
    tokens,
    when_of,
)
from taskflow.tasks.phrases.words import Word, words_of

Kind = Literal["recurrence", "due", "priority", "tag", "reminder"]
# How many words may be read in all, over and over: so many are never needed.
_MOST_WORK: Final = 1_500
_MARK: Final = re.compile(
    r"(?<!\S)(?:#(?P<tag>[^\W\d_][\w-]{0,49})|!(?P<priority>\w+))(?=[\s.,;:?!)]|$)"
)
_PRIORITIES: Final = {
    "urgent": "urgent", "high": "high", "medium": "medium", "low": "low",
    "1": "urgent", "2": "high", "3": "medium", "4": "low",
}  # fmt: skip
_NOON: Final = (12, 0)
_NAME_BEGUN: Final = re.compile(r"[^\W\d_][.@/]")
_NAME_GOES_ON: Final = re.compile(r"[.@/][^\W\d_]")
_QUOTED: Final = re.compile(
    r'(?<!\S)(?:"[^"]*"|\u201c[^\u201d]*\u201d|\u201e[^\u201c\u201d]*[\u201c\u201d])(?=[\s.,;:?!)]|$)'
    r"|(?<!\S)\\\S+"
)
# “bi-weekly” is not weekly.
_HYPHEN_BEFORE: Final = re.compile(r"[^\W\d_][-\u2010\u2011]")


class Mark(NamedTuple):
    """A tag or a priority: its place, what it is and its value."""

    start: int
    end: int
    kind: Kind
    value: str


class Moment(NamedTuple):
    """A day, a time of the day, or both; or so many minutes or hours from now."""

    when: When | None = None
    clock: tuple[int, int] | None = None
    minutes: int = 0


class Reminding(NamedTuple):
    """When to remind: so long before the due date, or at a moment."""

    offsets: tuple[str, ...]
    moment: Moment | None


class Line:
    """The words of a line without its marks and without what is meant literally.

    Args:
        text: The line.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.literal = [match.span() for match in _QUOTED.finditer(text)]
        self.marks = list(_marks(text, self.literal))
        hidden = [(mark.start, mark.end) for mark in self.marks]
        self.words = [
            word._replace(kind="UNKNOWN") if _is_literal(word, text, self.literal) else word
            for word in words_of(_blanked(text, hidden))
        ]
        self._work = 0

    def is_quoted(self, word: Word) -> bool:
        """Whether a word stands in double quotes or behind a backslash."""
        return any(start <= word.start < end for start, end in self.literal)

    def kinds(self, first: int, number: int) -> list[str]:
        """The terminals of so many words from one on; fewer at the line's end."""
        return [word.kind for word in self.words[first : first + number]]

    def endings(self, first: int, start: Start) -> list[int]:
        """Up to which words one can read from this one on, the longest first.

        Raises:
            Invalid: the line is too tangled.
        """
        found = whole_beginnings(self.words[first:], start)
        self._spend(first, 1 + (found[-1] if found else 0))
        return [first + number for number in reversed(found)]

    def taken(self, first: int, last: int) -> list[Word]:
        """The words from one to before another, to be read.

        Raises:
            Invalid: the line is too tangled.
        """
        self._spend(first, last - first)
        return self.words[first:last]

    def _spend(self, first: int, work: int) -> None:
        self._work += work
        if self._work > _MOST_WORK:
            raise Invalid.field("text", "is too tangled from here on", self.words[first].start)


def moment_of(words: Sequence[Word]) -> Moment:
    """The day and time that words say.

    Raises:
        Invalid: there is none such.
    """
    return _moment(tree_of(words, "due"))


def reminding_of(words: Sequence[Word]) -> Reminding:
    """When words say to remind.

    Raises:
        Invalid: there is no such moment.
    """
    tree = tree_of(words, "remind")
    for child in branches(tree):
        if child.data == "due":
            return Reminding((), _moment(child))
    return Reminding(tuple(_offset(child) for child in branches(tree)), None)


def _moment(tree: Branch) -> Moment:
    found = Moment()
    for child in branches(tree):
        found = _with(found, child)
    if any(tree.find_data("tonight")) and found.clock and found.clock < _NOON:
        raise misread("“tonight” is no time before noon; write for example 19:30", place(tree))
    if found.minutes and found.clock:
        raise Invalid.field("text", "says two times", place(tree))
    return found


def _with(found: Moment, said: Branch) -> Moment:
    """A moment, with what another part says of it."""
    if said.data in ("time", "clock"):
        return found._replace(clock=clock_of(said))
    if said.data in ("minutes", "later", "in_span"):
        return _later(found, said)
    return found._replace(when=_day(said))


def _later(found: Moment, said: Branch) -> Moment:
    """A moment so long from now: minutes and hours to the minute, what is longer as a day."""
    amount(said)
    unit, number = length_of(said)
    if unit in ("minute", "hour"):
        return found._replace(minutes=number * (60 if unit == "hour" else 1))
    if unit == "day" and said.data == "in_span":
        # So many dimensions just as well: “print the model in 3d”.
        raise misread(f"has more than one reading; write “in {number} days”", place(said))
    return found._replace(when=When(place(said), "later", number=number, unit=unit))


def _day(said: Branch) -> When:
    if said.data == "month_day":
        return When(place(said), "month_day", day=int(tokens(said)["ORDINAL"]))
    return When(place(said), "today") if said.data == "tonight" else when_of(said)


def _offset(tree: Branch) -> str:
    """A span as an ISO 8601 duration."""
    unit, number = length_of(tree)
    forms = {"minute": "PT{}M", "hour": "PT{}H", "day": "P{}D", "week": "P{}W"}
    return forms[unit].format(number)


def _marks(text: str, literal: Sequence[tuple[int, int]]) -> list[Mark]:
    found: list[Mark] = []
    for match in _MARK.finditer(text):
        start, end = match.span()
        priority = _PRIORITIES.get((match["priority"] or "").lower())
        has_one = any(mark.kind == "priority" for mark in found)
        if any(begin <= start < stop for begin, stop in literal):
            continue
        if match["tag"]:
            found.append(Mark(start, end, "tag", match["tag"]))
        elif priority and not has_one:
            found.append(Mark(start, end, "priority", priority))
    return found


def _blanked(text: str, hidden: Sequence[tuple[int, int]]) -> str:
    """The text with what is hidden as spaces, so that words around it stand together."""
    letters = list(text)
    for start, end in hidden:
        letters[start:end] = " " * (end - start)
    return "".join(letters)


def _is_literal(word: Word, text: str, places: Sequence[tuple[int, int]]) -> bool:
    """Whether a word is meant literally, or is of a name or an address, as in “monday.com”."""
    is_quoted = any(start <= word.start < end for start, end in places)
    begun = _NAME_BEGUN.match(text, max(word.start - 2, 0), word.start)
    if word.kind == "ADVERB" and not begun:
        begun = _HYPHEN_BEFORE.match(text, max(word.start - 2, 0), word.start)
    return is_quoted or bool(begun or _NAME_GOES_ON.match(text, word.end))
