"""Doubts a line that says how often, and on which day only where that may be of its title. Pure.

“every month” alone recurs on the day it is. In “pay the 15th and last day bill every month” other
days are named, and nobody can tell whether they are meant: neither they nor today are taken. In
“prepare Sunday dinner every week” the day names the dinner: it is told that it was not taken.
"""

import re
from collections.abc import Sequence
from typing import Final

from taskflow.base.errors import Invalid
from taskflow.tasks.phrased import Place, origin_of
from taskflow.tasks.phrases.parser import whole_beginnings
from taskflow.tasks.phrases.parts import When, misread
from taskflow.tasks.phrases.understanding import Understood, understand_words
from taskflow.tasks.phrases.vocabulary import DAY_NAMES
from taskflow.tasks.phrases.words import Word, words_of
from taskflow.tasks.quick_add import context
from taskflow.tasks.quick_add.finding import FULL_NAME, Found
from taskflow.tasks.quick_add.line import Unused
from taskflow.tasks.quick_add.meaning import Here
from taskflow.tasks.quick_add.spans import Line
from taskflow.tasks.recurrence_parts import WEEKDAYS

# With it whatever names a day is a whole recurrence.
_ON: Final = words_of("on")
# What a day may begin with; an ordinal in letters may be any word: “first draft”.
_DAYS: Final = frozenset(("NAME", "LAST", "ORDINAL", "NUMBER", "MONTH"))
_NAMES_DAY: Final = re.compile(r";BY(?:DAY|MONTHDAY|YEARDAY|MONTH)=")

_WEEKDAYS: Final = re.compile(r";BYDAY=([A-Z,]+)")
_OF_MONTHS: Final = ("FREQ=MONTHLY", "FREQ=YEARLY")
_WHICH: Final = (
    "say which of them; write for example “every month on the 1st {0}”, or “every month "
    "starting {0}”, or put it in double quotes where it is a word alone"
)
_NOT_ONE: Final = (
    "{} is not one of the days on which this recurs; write them all behind “every”, or put it in "
    "double quotes where it is a word alone"
)


def without_names(line: Line, found: Sequence[Found]) -> list[Found]:
    """What was found, without a weekday of the title: “Monday report every friday” is of Fridays.

    Raises:
        Invalid: a weekday is said that is none of the recurrence's days, or beside months or years.
    """
    recurrence = next((one for one in found if one.kind == "recurrence"), None)
    if recurrence is None:
        return list(found)
    rule = recurrence.value.recurrence.rule
    return [one for one in found if not _names_thing(line, one, rule)]


def _names_thing(line: Line, one: Found, rule: str) -> bool:
    """Whether a bare weekday that is none of a rule's days names the thing behind it.

    Raises:
        Invalid: it is none of them, and names nothing, or the rule is of months or years.
    """
    if one.kind != "due" or one.value.when is None or one.value.when.kind != "weekday":
        return False
    when: When = one.value.when
    name = DAY_NAMES[when.number]
    if rule.startswith(_OF_MONTHS):
        raise misread(_WHICH.format(name), when.position)
    days = _WEEKDAYS.search(rule)
    if days is None or WEEKDAYS[when.number] in days[1].split(","):
        return False
    if one.edges == "both" and context.is_thing(line, one.last):
        return True
    raise misread(_NOT_ONE.format(name), when.position)


def days_aside(line: Line, here: Here, found: Sequence[Found]) -> list[Unused]:
    """The days that name a thing of the title, beside a recurrence that says no day.

    Raises:
        Invalid: there are words that would be a day for it, and name nothing.
    """
    recurrence = next((one for one in found if one.kind == "recurrence"), None)
    if recurrence is None or not _lacks_day(recurrence.value) or any(map(says_day, found)):
        return []
    read = {index for one in found for index in range(one.first, one.last)}
    aside = [
        _day_aside(line, here, index, recurrence)
        for index, word in enumerate(line.words)
        if index not in read and word.kind in _DAYS and not _is_of_title(line, index)
    ]
    return [one for one in aside if one]


def _day_aside(line: Line, here: Here, index: int, recurrence: Found) -> Unused | None:
    """The longest day from a word on that the recurrence could have.

    Raises:
        Invalid: there is one, and it names nothing.
    """
    said = line.taken(recurrence.first, recurrence.last)
    for number in reversed(whole_beginnings([*_ON, *line.words[index:]], "recurrence")):
        last = index + number - len(_ON)
        if last == index + 1 and _is_other(line, index):
            continue
        # Where the line ends with it, it can hardly be of the title.
        is_end = index == recurrence.last and last == len(line.words)
        if is_end or _makes_sense([*said, *_ON, *line.taken(index, last)], here):
            often = line.text[said[0].start : said[-1].end]
            return _named(line, index, last, often)
    return None


def _named(line: Line, first: int, last: int, often: str) -> Unused:
    """A day before the thing that it names: “Sunday dinner”, “May 3 photos”.

    Raises:
        Invalid: it names nothing.
    """
    words = line.words[first:last]
    start, end = words[0].start, words[-1].end
    day, kinds = line.text[start:end], [word.kind for word in words]
    if kinds in context.NAMING and context.is_place(line, last):
        message = f"it names a thing here; write “{often} on {day}” for that day"
        return Unused(start, end, day, message)
    message = f"“{day}” may be when, or a word: write it so that it fits to “{often}”, "
    raise misread(f"{message}or in double quotes", start)


def _makes_sense(words: Sequence[Word], here: Here) -> bool:
    place = Place(None, all_day=False, zone=here.zone, now=here.now)
    try:
        understand_words(words, origin_of(place))
    except Invalid:
        return False
    return True


def _lacks_day(understood: Understood) -> bool:
    """Whether the day of a recurrence would be that on which it is written."""
    rule = understood.recurrence.rule
    is_of_days = rule.startswith(("FREQ=HOURLY", "FREQ=DAILY"))
    return not (is_of_days or understood.starting or _NAMES_DAY.search(rule))


def says_day(one: Found) -> bool:
    """Whether a day or a recurrence says on which day; a time and “every week” alone do not."""
    if one.kind == "due":
        return bool(one.value.when or one.value.minutes)
    return one.kind == "recurrence" and not _lacks_day(one.value)


def _is_other(line: Line, index: int) -> bool:
    """Whether a word alone is no day: “sun” may be anything, “the 5th floor” is a place."""
    word = line.words[index]
    if word.kind == "NAME":
        return len(word.text) < FULL_NAME
    return context.is_place(line, index + 1)


def _is_of_title(line: Line, index: int) -> bool:
    """Whether a word is an ordinal in letters without a day behind it, or “last” alone."""
    word, following = line.words[index], line.words[index + 1 : index + 2]
    if word.kind == "NAME" or word.text[0].isdigit():
        return False
    return not following or following[0].kind == "UNKNOWN"
