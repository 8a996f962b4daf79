"""Finds in a line, from left to right, what can be read of it: each as long as it can be. Pure.

What the grammar reads as a whole is meant as a whole: where that makes no sense the line is
refused, and no part of it is taken instead. So is a recurrence that goes on with what is not
understood.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from taskflow.base.errors import Invalid
from taskflow.tasks.phrased import Place, origin_of
from taskflow.tasks.phrases import understand_words
from taskflow.tasks.phrases_words import Word
from taskflow.tasks.quick_add_meaning import Here, due_at
from taskflow.tasks.quick_add_spans import Kind, Line, Moment, moment_of, reminding_of

_TRIES: Final = 10
# Without one of these nothing says that it recurs.
_RECURRING: Final = frozenset(("EVERY", "ADVERB", "NAMES", "WORKDAY", "WEEKEND", "PER", "DONE"))
# Abbreviations are shorter: “sun” and “wed” alone may be anything.
_FULL_NAME: Final = len("monday")
# What goes on with what stands before it.
_CONNECTORS: Final = frozenset(
    ("UNTIL", "EXCEPT", "BETWEEN", "STARTING", "FROM", "AT", "ON", "FOR", "IN", "OF", "AFTER", "IF",
     "SKIPPING", "ORDINAL")
)  # fmt: skip
_ENDS_OF_RANGES: Final = frozenset(("TIME", "NAME", "ORDINAL", "MONTH", "DATE"))
_LEADS: Final = frozenset(("ON", "BY", "AT", "IN", "NEXT", "THIS", "TODAY", "DATE"))


class Found(NamedTuple):
    """Words that say something: from the one at `first` to before the one at `last`."""

    kind: Kind
    first: int
    last: int
    value: Any
    is_bare: bool = False


def find(line: Line, here: Here) -> list[Found]:
    """What a line says, in order; bare words within the title are a part of it.

    Raises:
        Invalid: something is meant that makes no sense, or the line is too tangled.
    """
    return _at_edges(list(_scan(line, here)), len(line.words))


def _scan(line: Line, here: Here) -> Iterator[Found]:
    """All that can be read, from left to right, each as long as it can be."""
    index = 0
    while index < len(line.words):
        one = _read_at(line, here, index)
        if one is not None:
            yield one
        index = one.last if one else index + 1


def _read_at(line: Line, here: Here, index: int) -> Found | None:
    kind = line.words[index].kind
    if kind == "UNKNOWN":
        return None
    if kind == "REMIND":
        return _reminder_at(line, index)
    recurrence, due = _recurrence_at(line, here, index), _due_at(line, here, index)
    if recurrence and (due is None or recurrence.last > due.last):
        return recurrence
    return due


def _recurrence_at(line: Line, here: Here, index: int) -> Found | None:
    """The longest recurrence from a word on.

    Raises:
        Invalid: one is meant and makes no sense, or goes on with what is not understood.
    """
    if not any(word.kind in _RECURRING for word in line.words[index:]):
        return None
    origin = origin_of(Place(None, all_day=False, zone=here.zone, now=here.now))
    refused: Invalid | None = None
    for last in line.endings(index, "recurrence")[:_TRIES]:
        words = line.taken(index, last)
        is_meant = _must_recur(words)
        try:
            understood = understand_words(words, origin)
            is_meant = is_meant or understood.is_explicit
            if is_meant and refused is None and _goes_on(line, here, last):
                understand_words(line.taken(index, len(line.words)), origin)
        except Invalid as error:
            refused = refused or error
            understood = None
        if is_meant and refused:
            raise refused
        if understood and understood.is_explicit:
            return Found("recurrence", index, last, understood, len(words) == 1)
    return None


def _must_recur(words: Sequence[Word]) -> bool:
    """Whether words can only mean a recurrence."""
    first = words[0].kind
    return first == "EVERY" or (first == "AT" and any(one.kind == "EVERY" for one in words))


def _goes_on(line: Line, here: Here, last: int) -> bool:
    """Whether what follows belongs to the recurrence before it, though it does not fit there."""
    following = line.words[last : last + 1]
    if not following or _due_at(line, here, last):
        return False
    return following[0].kind in _CONNECTORS or _is_range(line, last)


def _is_range(line: Line, last: int) -> bool:
    """Whether a day or time, “to” and another one stand around a place in the line."""
    kinds = [word.kind for word in line.words[max(last - 1, 0) : last + 2]]
    if len(kinds) < len(("9am", "to", "10am")) or kinds[1] != "TO":
        return False
    return kinds[2] in _ENDS_OF_RANGES or (kinds[0], kinds[2]) == ("TIME", "NUMBER")


def _due_at(line: Line, here: Here, index: int) -> Found | None:
    """The longest day and time from a word on.

    Raises:
        Invalid: both are said, and one makes no sense, or it is a range of times.
    """
    if index and line.words[index - 1].kind == "TO" and _is_range(line, index - 1):
        return None
    refused: Invalid | None = None
    endings = line.endings(index, "due")[:_TRIES]
    for last in endings:
        words = line.taken(index, last)
        try:
            moment = moment_of(words)
            due_at(moment, here)
            if _is_range(line, last):
                moment_of(line.taken(index, last + 1))
        except Invalid as error:
            refused = refused or error
            continue
        if _is_day(moment, words):
            if refused:
                raise refused
            return Found("due", index, last, moment, _is_bare(moment, words))
    if refused and len(endings) > 1 and line.words[index].kind in _LEADS:
        raise refused
    return None


def _is_day(moment: Moment, words: Sequence[Word]) -> bool:
    """Whether one day is meant: a month is none, and the end of something only with “by”."""
    if moment.when is None:
        return True
    kind = moment.when.kind
    if kind == "weekday" and words[0].kind == "NAME" and moment.clock is None:
        return len(words[0].text) >= _FULL_NAME
    return kind != "whole_month" and (kind != "end_of" or words[0].kind in ("ON", "BY"))


def _is_bare(moment: Moment, words: Sequence[Word]) -> bool:
    """Whether it may be a word of the title just as well."""
    if words[0].kind in _LEADS or (moment.when and moment.clock):
        return False
    return moment.when is None or moment.when.kind == "weekday"


def _reminder_at(line: Line, index: int) -> Found | None:
    for last in line.endings(index, "remind")[:_TRIES]:
        words = line.taken(index, last)
        try:
            return Found("reminder", index, last, reminding_of(words))
        except Invalid:
            continue
    return None


def _at_edges(found: list[Found], length: int) -> list[Found]:
    """What is left when bare words within the title are a part of it."""
    read = {index for one in found for index in range(one.first, one.last)}
    kept = []
    for one in found:
        begins = all(index in read for index in range(one.first))
        ends = all(index in read for index in range(one.last, length))
        if begins or ends or not one.is_bare:
            kept.append(one)
    return kept
