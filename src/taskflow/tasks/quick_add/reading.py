"""Reads a line: makes the fields of a task of what it says, and leaves the title. Pure.

One rule for each of what could be read in two ways: the first recurrence and the first day count; a
bare word (“daily”, “monday”, “5pm”) counts only where the line begins or ends.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Reminder
from taskflow.tasks.model import due_text
from taskflow.tasks.phrased import Place, Placed, origin_of, place_in
from taskflow.tasks.phrases.parts import misread
from taskflow.tasks.phrases.understanding import Understood, understand_words
from taskflow.tasks.quick_add.beside import days_beside, refuse_times_beside
from taskflow.tasks.quick_add.doubt import days_aside, without_names
from taskflow.tasks.quick_add.finding import Found, find
from taskflow.tasks.quick_add.holidays import holidays
from taskflow.tasks.quick_add.line import QuickTask, Span, Unused
from taskflow.tasks.quick_add.lost import lost
from taskflow.tasks.quick_add.meaning import Here, due_at, reminders_of
from taskflow.tasks.quick_add.several import refuse_several
from taskflow.tasks.quick_add.spans import Kind, Line, Moment
from taskflow.tasks.quick_add.telling import told
from taskflow.tasks.quick_add.title import pieces, title_of

MAX_TAGS: Final = 20
MAX_REMINDERS: Final = 20
# Why something that makes sense by itself stays in the title.
_ANOTHER: Final[Mapping[Kind, str]] = {
    "recurrence": "how often is said already",
    "due": "when it is due is said already",
    "reminder": f"at most {MAX_REMINDERS} reminders may be said",
}


def read(text: str, now: datetime, zone: ZoneInfo) -> QuickTask:
    """The task that a line describes.

    Raises:
        Invalid: it leaves no title, means what makes no sense, or is too tangled.
    """
    line, here = Line(text), Here(now, zone)
    found = without_names(line, find(line, here))
    refuse_several(line, found)
    aside = lost(line, found)
    refuse_times_beside(line, found)
    aside += [*days_aside(line, here, found), *days_beside(line, found), *holidays(line, found)]
    return _Reading(line, here, found, aside).task()


class _Reading:
    """Makes one task of what was found; what does not fit goes back to the title."""

    def __init__(self, line: Line, here: Here, found: list[Found], aside: Sequence[Unused]) -> None:
        self._line = line
        self._here = here
        self._found = found
        self._aside = aside
        self._used: list[Found] = []
        self._refused: dict[int, str] = {}

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
        sentence = told(given, placed, self._here.zone)
        return QuickTask(given, tuple(spans), sentence, self._unused())

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
        if all_day and understood.is_hourly:
            start = self._line.words[clocks[0].first].start
            raise misread("say from which time on; write for example “tomorrow at 9:00”", start)
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
            except Invalid as error:
                self._refused[one.first] = error.errors[0].message
                continue
            if len(reminders) + len(more) <= MAX_REMINDERS:
                reminders += more
                self._used.append(one)
        return list(dict.fromkeys(reminders))

    def _unused(self) -> tuple[Unused, ...]:
        """What was found, or could have been meant, and is in the title still; in order."""
        return tuple(sorted([*self._aside, *self._left()], key=lambda one: one.start))

    def _left(self) -> Iterator[Unused]:
        """What was found and was not used."""
        for one in self._found:
            if one not in self._used:
                start, end = self._line.words[one.first].start, self._line.words[one.last - 1].end
                message = self._refused.get(one.first, _ANOTHER[one.kind])
                yield Unused(start, end, self._line.text[start:end], message)

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
