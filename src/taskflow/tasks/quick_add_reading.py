"""Reads a line: finds what it says, leaves the title, and makes the fields of a task of it. Pure.

One rule for each of what could be read in two ways: the first recurrence and the first day count; a
bare word (“daily”, “monday”, “5pm”) counts only where the line begins or ends.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Reminder
from taskflow.tasks.model import due_text
from taskflow.tasks.phrased import Place, Placed, origin_of, place_in
from taskflow.tasks.phrases import Understood, understand_words
from taskflow.tasks.phrases_words import Word
from taskflow.tasks.quick_add import QuickTask, Span
from taskflow.tasks.quick_add_meaning import Here, due_at, reminders_of
from taskflow.tasks.quick_add_sentences import told
from taskflow.tasks.quick_add_spans import Kind, Line, Moment, moment_of, reminding_of
from taskflow.tasks.quick_add_title import pieces, title_of

_TRIES: Final = 10
MAX_TAGS: Final = 20
MAX_REMINDERS: Final = 20
# Without one of these nothing says that it recurs.
_RECURRING: Final = frozenset(("EVERY", "ADVERB", "NAMES", "WORKDAY", "WEEKEND", "PER", "DONE"))
# Abbreviations are shorter: “sun” and “wed” alone may be anything.
_FULL_NAME: Final = len("monday")
_LEADS: Final = frozenset(("ON", "BY", "AT", "IN", "NEXT", "THIS", "TODAY", "DATE"))


class Found(NamedTuple):
    """Words that say something: from the one at `first` to before the one at `last`."""

    kind: Kind
    first: int
    last: int
    value: Any
    is_bare: bool = False


def read(text: str, now: datetime, zone: ZoneInfo) -> QuickTask:
    """The task that a line describes.

    Raises:
        Invalid: it leaves no title, or is too tangled.
    """
    line, here = Line(text), Here(now, zone)
    found = _at_edges(list(_scan(line, here)), len(line.words))
    return _Reading(line, here, found).task()


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
    if not any(word.kind in _RECURRING for word in line.words[index:]):
        return None
    origin = origin_of(Place(None, all_day=False, zone=here.zone, now=here.now))
    for last in line.endings(index, "recurrence")[:_TRIES]:
        words = line.taken(index, last)
        try:
            understood = understand_words(words, origin)
        except Invalid:
            continue
        if understood.is_explicit:
            return Found("recurrence", index, last, understood, len(words) == 1)
    return None


def _due_at(line: Line, here: Here, index: int) -> Found | None:
    for last in line.endings(index, "due")[:_TRIES]:
        words = line.taken(index, last)
        try:
            moment = moment_of(words)
            due_at(moment, here)
        except Invalid:
            continue
        if _is_day(moment, words):
            return Found("due", index, last, moment, _is_bare(moment, words))
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


class _Reading:
    """Makes one task of what was found; what does not fit goes back to the title."""

    def __init__(self, line: Line, here: Here, found: list[Found]) -> None:
        self._line = line
        self._here = here
        self._found = found
        self._used: list[Found] = []

    def task(self) -> QuickTask:
        """The task.

        Raises:
            Invalid: there is no title.
        """
        moment = self._moment()
        placed = self._placed(moment)
        reminders = self._reminders(placed)
        marks = self._line.marks
        tags = list(dict.fromkeys(one.value for one in marks if one.kind == "tag"))[:MAX_TAGS]
        priority = next((one.value for one in marks if one.kind == "priority"), None)
        spans = self._spans(tags)
        given: dict[str, object] = {"title": title_of(self._line, spans), "tags": tags}
        given |= {"timezone": self._here.zone.key, "reminders": reminders}
        given |= {"priority": priority} if priority else {}
        given |= _due_fields(placed)
        return QuickTask(given, tuple(spans), told(given, placed, self._here.zone))

    def _of(self, kind: Kind) -> list[Found]:
        return [one for one in self._found if one.kind == kind]

    def _moment(self) -> Moment | None:
        """The first day and the first time that are said."""
        whole: Moment | None = None
        for one in self._of("due"):
            moment: Moment = one.value
            if whole is None:
                whole = moment
            elif whole.minutes or moment.minutes or not _complete(whole, moment):
                continue
            else:
                whole = Moment(whole.when or moment.when, whole.clock or moment.clock)
            self._used.append(one)
        return whole

    def _placed(self, moment: Moment | None) -> Placed | None:
        """When it is due and how it recurs, if either was said."""
        recurrence = next(iter(self._of("recurrence")), None)
        if recurrence is None:
            if moment is None:
                return None
            due = due_at(moment, self._here)
            return Placed(None, due, not isinstance(due, datetime))
        self._used.append(recurrence)
        return self._recurring(recurrence, moment)

    def _recurring(self, recurrence: Found, moment: Moment | None) -> Placed:
        understood: Understood = recurrence.value
        words = self._line.words[recurrence.first : recurrence.last]
        clocks = [one for one in self._used if one.kind == "due"]
        if moment and moment.when is None and not moment.minutes:
            if understood.has_time or understood.is_hourly:
                # Its time is said already: the other one is left in the title.
                self._used = [one for one in self._used if one not in clocks]
            else:
                words += [word for one in clocks for word in self._line.words[one.first : one.last]]
            moment = None
        due = due_at(moment, self._here) if moment else None
        all_day = due is not None and not isinstance(due, datetime)
        if all_day and understood.has_time and isinstance(due, date):
            clock = (understood.start.hour, understood.start.minute)
            due, all_day = self._here.at(due, clock), False
        place = Place(due, all_day, self._here.zone, self._here.now)
        return place_in(understand_words(words, origin_of(place)), place)

    def _reminders(self, placed: Placed | None) -> list[Reminder]:
        due = placed.due if placed else None
        recurs = bool(placed and placed.recurrence)
        reminders: list[Reminder] = []
        for one in self._of("reminder"):
            try:
                more = reminders_of(one.value, due, self._here, recurs=recurs)
            except Invalid:
                continue
            if len(reminders) + len(more) <= MAX_REMINDERS:
                reminders += more
                self._used.append(one)
        return list(dict.fromkeys(reminders))

    def _spans(self, tags: Sequence[str]) -> list[Span]:
        text = self._line.text
        marks = [
            Span(one.start, one.end, one.kind, text[one.start : one.end])
            for one in self._line.marks
            if one.kind != "tag" or one.value in tags
        ]
        said = [
            Span(start, end, one.kind, text[start:end])
            for one in self._used
            for start, end in pieces(self._line, one.first, one.last)
        ]
        return sorted(marks + said, key=lambda span: span.start)


def _complete(one: Moment, other: Moment) -> bool:
    """Whether two moments say different things: a day and a time."""
    return (one.when is None) != (other.when is None) and (one.clock is None) != (
        other.clock is None
    )


def _due_fields(placed: Placed | None) -> dict[str, object]:
    if placed is None:
        return {}
    fields: dict[str, object] = {"due_date": due_text(placed.due), "all_day": placed.all_day}
    if placed.recurrence:
        fields["recurrence"] = msgspec.to_builtins(placed.recurrence)
    return fields
