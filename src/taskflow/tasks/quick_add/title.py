"""What is left of a line when all that was understood is taken out: the title. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from taskflow.base.errors import Invalid
from taskflow.tasks.drafts import MAX_TITLE
from taskflow.tasks.quick_add.line import Span
from taskflow.tasks.quick_add.spans import Line

# What is left alone of a sentence, where its beginning or its end was taken out.
_BEFORE: Final = " ,;:"
_MARKS: Final = frozenset(",.;:?!)")
_BEHIND: Final = " ,;"
_EMPTY: Final = re.compile(r"\(\s*\)|\[\s*\]")
# It belongs to the day behind it: “pay rent the 15th”.
_ARTICLE: Final = re.compile(r"(?<!\S)the\s+$", re.IGNORECASE)


def title_of(line: Line, spans: Sequence[Span]) -> str:
    """The title.

    Raises:
        Invalid: there is none, or it is too long.
    """
    title = " ".join(_joined(list(_left(line, spans))).split())
    if spans:
        title = " ".join(_EMPTY.sub("", title).split()).lstrip(_BEFORE).rstrip(_BEHIND)
    if not title:
        raise Invalid.field("text", "leaves no title: say what is to be done", 0)
    if len(title) > MAX_TITLE:
        message = f"leaves a title of more than {MAX_TITLE} characters"
        raise Invalid.field("text", message, MAX_TITLE)
    return title


def _left(line: Line, spans: Sequence[Span]) -> Iterator[str]:
    """The text between the spans, without the backslashes that made words literal."""
    letters = list(line.text)
    for start, _ in line.literal:
        if letters[start] == "\\":
            letters[start] = ""
    begin = 0
    for span in spans:
        yield "".join(letters[begin : span.start])
        begin = span.end
    yield "".join(letters[begin:])


def _joined(left: Sequence[str]) -> str:
    """The pieces with a space between, but for one that begins with a mark."""
    title = left[0]
    for piece in left[1:]:
        title = title.rstrip() + ("" if piece[:1] in _MARKS else " ") + piece
    return title


def pieces(line: Line, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Where words stand in the line, without the tags and priorities between them."""
    start, end = line.words[first].start, line.words[last - 1].end
    if article := _ARTICLE.search(line.text, 0, start):
        start = article.start()
    for mark in line.marks:
        if start <= mark.start and mark.end < end:
            stop = len(line.text[: mark.start].rstrip())
            if stop > start:
                yield start, stop
            start = mark.end + len(line.text[mark.end :]) - len(line.text[mark.end :].lstrip())
    yield start, end
