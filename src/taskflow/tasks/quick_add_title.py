"""What is left of a line when all that was understood is taken out: the title. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from taskflow.base.errors import Invalid
from taskflow.tasks.drafts import MAX_TITLE
from taskflow.tasks.quick_add import Span
from taskflow.tasks.quick_add_spans import Line

_SEAMS: Final = " ,;"


def title_of(line: Line, spans: Sequence[Span]) -> str:
    """The title.

    Raises:
        Invalid: there is none, or it is too long.
    """
    letters: list[str] = list(line.text)
    for start, _ in line.literal:
        if letters[start] == "\\":
            letters[start] = ""
    for span in spans:
        letters[span.start : span.end] = [" ", *[""] * (span.end - span.start - 1)]
    title = " ".join("".join(letters).split())
    if spans:
        title = title.strip(_SEAMS)
    if not title:
        raise Invalid.field("text", "leaves no title: say what is to be done", 0)
    if len(title) > MAX_TITLE:
        message = f"leaves a title of more than {MAX_TITLE} characters"
        raise Invalid.field("text", message, MAX_TITLE)
    return title


def pieces(line: Line, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Where words stand in the line, without the tags and priorities between them."""
    start, end = line.words[first].start, line.words[last - 1].end
    for mark in line.marks:
        if start < mark.start and mark.end < end:
            yield start, len(line.text[: mark.start].rstrip())
            start = mark.end + len(line.text[mark.end :]) - len(line.text[mark.end :].lstrip())
    yield start, end
