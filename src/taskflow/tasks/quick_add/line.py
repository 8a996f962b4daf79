"""Reads a task out of one line: `pay rent every 1st at 9am !high #home remind 1h`. Pure.

What is understood is taken out of the line; all else stays in the title, as it was written. Between
double quotes, and behind a backslash, words are just words.
"""

import importlib
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from taskflow.base.errors import Invalid

MAX_LINE: Final = 500
_READING: Final = "taskflow.tasks.quick_add.reading"


class Span(Struct, frozen=True):
    """A piece of the line that was understood: from the character `start` to before `end`.

    Attributes:
        kind: `recurrence`, `due`, `priority`, `tag` or `reminder`.
        text: The piece.
    """

    start: int
    end: int
    kind: str
    text: str


class Unused(Struct, frozen=True):
    """A piece of the line that says something which the task cannot have; it is in the title.

    Attributes:
        start: The index of its first character.
        end: The index after its last.
        text: The piece.
        message: Why not.
    """

    start: int
    end: int
    text: str
    message: str


class QuickTask(Struct, frozen=True):
    """What a line says.

    Attributes:
        given: Fields of a task by their names, as a person would write them in JSON.
        spans: What was understood, in order.
        sentence: What was understood, in words.
        unused: What was meant to be understood, and stays in the title, in order.
    """

    given: dict[str, object]
    spans: tuple[Span, ...]
    sentence: str
    unused: tuple[Unused, ...] = ()


def read_line(text: str, now: datetime, zone: ZoneInfo) -> QuickTask:
    """The task that a line describes, written at an instant in a zone.

    Raises:
        Invalid: it is too long, or leaves no title; of the field `text`.
    """
    if len(text) > MAX_LINE:
        raise Invalid.field("text", f"must have at most {MAX_LINE} characters", MAX_LINE)
    # The parser library is loaded with the first line: who reads none does without its memory.
    reading: Any = importlib.import_module(_READING)
    quick: QuickTask = reading.read(text, now, zone)
    return quick
