"""Finds in a line, from left to right, what can be read of it: each as long as it can be. Pure.

What the grammar reads as a whole is meant as a whole: where that makes no sense the line is
refused, and no part of it is taken instead. So is a recurrence that goes on with what is not
understood.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, Literal, NamedTuple

from taskflow.base.errors import Invalid
from taskflow.tasks.phrased import Place, origin_of
from taskflow.tasks.phrases.parts import When
from taskflow.tasks.phrases.understanding import understand_words
from taskflow.tasks.phrases.words import Word
from taskflow.tasks.quick_add import context
from taskflow.tasks.quick_add.meaning import Here, due_at
from taskflow.tasks.quick_add.spans import Kind, Line, Moment, moment_of, reminding_of

Edges = Literal["any", "both", "end"]
_TRIES: Final = 10
# Without one of these nothing says that it recurs.
_RECURRING: Final = frozenset(("EVERY", "ADVERB", "NAMES", "WORKDAY", "WEEKEND", "PER", "DONE"))
# Abbreviations are shorter: “sun” and “wed” alone may be anything.
FULL_NAME: Final = len("monday")
# What goes on with what stands before it: always, or where a day or time may follow.
_CONNECTORS: Final = frozenset(("UNTIL", "EXCEPT", "BETWEEN", "STARTING", "SKIPPING", "ORDINAL"))
_PREPOSITIONS: Final = frozenset(("FROM", "AT", "ON", "FOR", "IN", "OF", "AFTER", "IF"))
_ENDS_OF_RANGES: Final = frozenset(("TIME", "NAME", "ORDINAL", "MONTH", "DATE"))
_LEADS: Final = frozenset(("ON", "BY", "AT", "IN", "NEXT", "THIS", "TODAY", "DATE"))


class Found(NamedTuple):
    """Words that say something: from the one at `first` to before the one at `last`.

    Attributes:
        edges: Where in the line they say it: anywhere, where it begins or ends, or where it ends.
    """

    kind: Kind
    first: int
    last: int
    value: Any
    edges: Edges = "any"


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
    if kind == "EVERY" and (word := context.part_of_day(line, index + 1)):
        context.refuse_part_of_day(word)
    context.refuse_minutes(line, index)
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
            _refuse_around(line, index, last, has_time=understood.has_time)
            if context.is_counted(line, index):
                return None
            return Found("recurrence", index, last, understood, _edges_of_recurrence(words))
    return None


def _edges_of_recurrence(words: Sequence[Word]) -> Edges:
    """Where it must stand: “everyday things” are none that recur."""
    if len(words) > 1:
        return "any"
    return "end" if words[0].text.lower() == "everyday" else "both"


def _refuse_around(line: Line, first: int, last: int, *, has_time: bool) -> None:
    """Refuse what the words around a recurrence, or a day that is sure, make something else of.

    Raises:
        Invalid: there are such words.
    """
    context.refuse_miscounted(line, first)
    context.refuse_zone(line, last)
    if has_time:
        context.refuse_half_of_day(line, last)
    elif word := context.part_of_day(line, last):
        context.refuse_part_of_day(word)


def _must_recur(words: Sequence[Word]) -> bool:
    """Whether words can only mean a recurrence."""
    first = words[0].kind
    return first == "EVERY" or (first == "AT" and any(one.kind == "EVERY" for one in words))


def _goes_on(line: Line, here: Here, last: int) -> bool:
    """Whether what follows belongs to the recurrence before it, though it does not fit there."""
    following = line.words[last : last + 1]
    if following and context.goes_on(line.words[:last], following[0]):
        return True
    if not following or _due_at(line, here, last):
        return False
    if following[0].kind in _PREPOSITIONS:
        # “at the gym” is of the title, and “at 9h30” is not.
        return not all(
            word.kind == "UNKNOWN" and word.text[0].isalpha()
            for word in line.words[last + 1 : last + 2]
        )
    return following[0].kind in _CONNECTORS or _is_range(line, last)


def _is_range(line: Line, last: int) -> bool:
    """Whether a day or time, “to” and another one stand around a place in the line."""
    kinds = [word.kind for word in line.words[max(last - 1, 0) : last + 2]]
    if len(kinds) < len(("9am", "to", "10am")) or kinds[1] != "TO":
        return False
    following = line.words[last + 2 : last + 3]
    ends_in_date = kinds[2] == "NUMBER" and [word.kind for word in following] == ["MONTH"]
    is_date = ends_in_date and kinds[0] in ("MONTH", "NUMBER")
    return is_date or kinds[2] in _ENDS_OF_RANGES or (kinds[0], kinds[2]) == ("TIME", "NUMBER")


def _due_at(line: Line, here: Here, index: int) -> Found | None:
    """The longest day and time from a word on.

    Raises:
        Invalid: both are said, and one makes no sense, or it is a range of times.
    """
    is_range = bool(index) and line.words[index - 1].kind == "TO" and _is_range(line, index - 1)
    if is_range or _is_of_weekday(line, index):
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
        if _is_day(moment, words) and not _is_of_weekday(line, last):
            if refused:
                raise refused
            return _due_of(line, Found("due", index, last, moment, _edges_of(moment, words)))
    if refused and len(endings) > 1 and line.words[index].kind in _LEADS:
        raise refused
    return None


def _due_of(line: Line, found: Found) -> Found | None:
    """What is found, unless the words around it make something else of it.

    Raises:
        Invalid: they do, and nothing but a day or time can be meant.
    """
    moment: Moment = found.value
    if context.is_changed(line, found.first, found.last):
        return None
    is_bare_number = moment.clock is None and moment.when and moment.when.kind == "month_day"
    if is_bare_number and context.is_place(line, found.last):
        return found._replace(edges="end")
    if moment.clock is None and found.edges != "any" and context.part_of_day(line, found.last):
        return None
    _refuse_around(
        line, found.first, found.last, has_time=moment.when is None or bool(moment.clock)
    )
    return found


def _is_day(moment: Moment, words: Sequence[Word]) -> bool:
    """Whether one day is meant: a month is none, and “first” and the end of something with “by”."""
    if moment.when is None:
        return True
    kind = moment.when.kind
    if kind == "weekday" and words[0].kind == "NAME" and moment.clock is None:
        return len(words[0].text) >= FULL_NAME
    if kind == "month_day" and not _is_in_digits(moment.when, words):
        return _is_led(moment.when, words)
    return kind != "whole_month" and (kind != "end_of" or words[0].kind in ("ON", "BY"))


def _edges_of(moment: Moment, words: Sequence[Word]) -> Edges:
    """Where it must stand, since it may be words of the title just as well."""
    when = moment.when
    if when and when.kind == "month_day":
        is_sure = _is_led(when, words) and _is_in_digits(when, words)
        return "any" if is_sure else "end"
    if when and when.kind == "year_day" and when.year is None:
        return "any" if _is_led(when, words) else "both"
    if words[0].kind in _LEADS or (when and moment.clock):
        return "any"
    return "both" if when is None or when.kind == "weekday" else "any"


def _is_led(when: When, words: Sequence[Word]) -> bool:
    """Whether “on” or “by” stands before a day."""
    return any(
        word.start == when.position and before.kind in ("ON", "BY")
        for before, word in pairwise(words)
    )


def _is_in_digits(when: When, words: Sequence[Word]) -> bool:
    return any(word.start == when.position and word.text[0].isdigit() for word in words)


def _is_of_weekday(line: Line, index: int) -> bool:
    """Whether a date stands here behind a weekday: together they may be a day or none."""
    kinds = [word.kind for word in line.words[:index] if word.kind != "SEP"]
    following = [word.kind for word in line.words[index:] if word.kind != "SEP"][:2]
    is_date = following[:1] in (["ORDINAL"], ["MONTH"], ["DATE"]) or following == [
        "NUMBER",
        "MONTH",
    ]
    is_day_of_month = kinds[-1:] == ["MONTH"] and following[:1] == ["ORDINAL"]
    return is_day_of_month or (kinds[-1:] == ["NAME"] and is_date)


def _reminder_at(line: Line, index: int) -> Found | None:
    """The longest reminder from a word on.

    Raises:
        Invalid: one is meant, and there is no such time.
    """
    refused: Invalid | None = None
    for last in line.endings(index, "remind")[:_TRIES]:
        words = line.taken(index, last)
        try:
            return Found("reminder", index, last, reminding_of(words))
        except Invalid as error:
            refused = refused or error
    if refused:
        raise refused
    return None


def _at_edges(found: list[Found], length: int) -> list[Found]:
    """What is left when bare words within the title are a part of it."""
    read = {index for one in found for index in range(one.first, one.last)}
    kept = []
    for one in found:
        begins = all(index in read for index in range(one.first))
        ends = all(index in read for index in range(one.last, length))
        if ends or one.edges == "any" or (begins and one.edges == "both"):
            kept.append(one)
    # “weekly review every friday” is done every Friday.
    is_said = any(one.kind == "recurrence" and one.edges == "any" for one in kept)
    return [one for one in kept if not (is_said and _is_bare_recurrence(one))]


def _is_bare_recurrence(one: Found) -> bool:
    return one.kind == "recurrence" and one.edges != "any"
