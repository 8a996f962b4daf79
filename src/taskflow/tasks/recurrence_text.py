"""Reads iCalendar text that people paste where a rule belongs (RFC 5545 sections 3.1 and 3.8.5).

It takes RRULE, EXDATE and RDATE lines, folded or not, and a rule without its name. What it does not
take it names, with its place in the text; it never passes over anything in silence. Pure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from taskflow.base.errors import FieldError, Invalid
from taskflow.tasks.recurrence_dates import MAX_DATES, Dates, parse_date, written
from taskflow.tasks.recurrence_parts import RULE
from taskflow.tasks.zones import instant, parse_zone

MAX_TEXT: Final = 40_000
_PROPERTY: Final = re.compile(
    r"(RRULE|EXDATE|RDATE|EXRULE|DTSTART|DTEND|BEGIN|END)((?:;[^:]*)?):", re.IGNORECASE
)
_REFUSED: Final = {
    "DTSTART": "the start of what recurs is its due date; leave DTSTART out",
    "EXRULE": "EXRULE is no longer part of iCalendar; leave dates out by EXDATE",
}
_PARAMETERS: Final = re.compile(
    r'(?:;(?:TZID="?([^";:]+)"?|VALUE=(DATE|DATE-TIME)))*', re.IGNORECASE
)


class Line(NamedTuple):
    """A content line, unfolded.

    Attributes:
        text: Its characters.
        places: Where each of them stands in what was pasted, and where the line ends.
    """

    text: str
    places: Sequence[int]

    def placed(self, error: Invalid, offset: int = 0) -> Invalid:
        """An error about the line, its position counted in what was pasted."""
        moved = [
            FieldError(one.field, one.message, self.place(offset + (one.position or 0)))
            for one in error.errors
        ]
        return Invalid(str(error), *moved)

    def place(self, index: int) -> int:
        """Where a character of the line was pasted."""
        return self.places[min(index, len(self.places) - 1)]


class Pasted(NamedTuple):
    """What a text says.

    Attributes:
        rule: The line of the rule, without its name, and its dates by the names of their lines.
    """

    rule: Line
    dates: Mapping[str, Dates]


def read_text(text: str) -> Pasted:
    """The rule and the dates in a text.

    Raises:
        Invalid: there is no rule in it, or something else.
    """
    if len(text) > MAX_TEXT:
        raise Invalid.field(RULE, f"must have at most {MAX_TEXT} characters", MAX_TEXT)
    rules: list[Line] = []
    dates: dict[str, list[str]] = {"EXDATE": [], "RDATE": []}
    for line in _lines(text):
        match = _PROPERTY.match(line.text)
        name = match[1].upper() if match else "RRULE"
        rest = Line(line.text[match.end() :], line.places[match.end() :]) if match else line
        if name in dates and match:
            dates[name] += _dates(line, match[2], rest)
        elif name != "RRULE" or (match and match[2]):
            message = _REFUSED.get(name, "only RRULE, EXDATE and RDATE lines are taken")
            raise Invalid.field(RULE, message, line.place(0))
        else:
            rules.append(rest)
    if len(rules) > 1:
        raise Invalid.field(RULE, "a task has one rule; this is a second one", rules[1].place(0))
    rule = rules[0] if rules else Line("", [0])
    return Pasted(rule, {name: tuple(found) for name, found in dates.items()})


def _lines(text: str) -> Iterator[Line]:
    """The content lines of a text; a line that begins with a blank continues the one before."""
    held: list[str] = []
    places: list[int] = []
    start = 0
    for raw in re.split(r"(\r\n|\n|\r)", text)[::2]:
        is_continued = raw[:1] in (" ", "\t") and not _PROPERTY.match(raw.lstrip())
        if held and not is_continued:
            yield Line("".join(held), [*places, places[-1] + 1])
            held, places = [], []
        blanks = 1 if is_continued and held else len(raw) - len(raw.lstrip())
        kept = raw[blanks:]
        if kept.strip():
            held.append(kept)
            places += range(start + blanks, start + len(raw))
        start += len(raw) + (2 if text[start + len(raw) :].startswith("\r\n") else 1)
    if held:
        yield Line("".join(held), [*places, places[-1] + 1])


def _dates(line: Line, parameters: str, values: Line) -> Iterator[str]:
    """The canonical dates of an EXDATE or RDATE line; wall times of another zone as instants."""
    match = _PARAMETERS.fullmatch(parameters)
    if match is None:
        raise Invalid.field(RULE, "takes TZID and VALUE=DATE or DATE-TIME alone", line.place(0))
    try:
        zone = parse_zone(match[1]) if match[1] else None
    except Invalid:
        message = f"“{match[1]}” is not the name of a time zone"
        raise Invalid.field(RULE, message, line.place(0)) from None
    offset = 0
    for number, text in enumerate(values.text.split(",")):
        place = values.place(offset)
        if number >= MAX_DATES:
            raise Invalid.field(RULE, f"at most {MAX_DATES} dates may stand here", place)
        try:
            when = parse_date(text.strip())
        except (ValueError, OverflowError):
            raise Invalid.field(RULE, f"“{text}” is no date", place) from None
        if zone is not None and isinstance(when, datetime) and when.tzinfo is None:
            when = instant(when, zone).astimezone(UTC)
        yield written(when)
        offset += len(text) + 1
