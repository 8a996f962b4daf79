"""What stands in a request's address or body, for every service's doors: its form, its checks."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from litestar.params import QueryParameter

from taskflow.base.errors import FieldError, Invalid

LONGEST_TEXT: Final = 1_000
_NAMED: Final = re.compile(r"Object (?:contains unknown|missing required) field `(.*?)`")
MAX_LIMIT: Final = 200
Limit = Annotated[
    int, QueryParameter(ge=1, le=MAX_LIMIT, description="At most so many items are answered.")
]
Cursor = Annotated[
    str | None,
    QueryParameter(required=False, description="The `next_cursor` of the page before this one."),
]


def zoned(name: str, at: datetime | None) -> datetime | None:
    """A time that says its offset from UTC, in UTC.

    Raises:
        Invalid: it does not say it, or lies outside of the calendar.
    """
    if at is None:
        return None
    if at.tzinfo is None:
        raise Invalid.field(name, "needs an offset from UTC, such as Z or +01:00")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise Invalid.field(name, "lies outside of the years 1 to 9999") from None


def printable(name: str, text: str | None) -> str | None:
    """A text that a query can carry.

    Raises:
        Invalid: it is too long, or has control characters.
    """
    if text is not None and (len(text) > LONGEST_TEXT or not text.isprintable()):
        raise Invalid.field(name, f"must be a printable text of at most {LONGEST_TEXT} characters")
    return text


def field_error(error: msgspec.ValidationError) -> FieldError:
    """What msgspec found, by its JSON path (`recurrence.rule`)."""
    message, _, path = str(error).partition(" - at `$")
    return named_field(message, path.removesuffix("`"))


def named_field(message: str, path: str) -> FieldError:
    """A finding of msgspec's; it names an unknown or missing field only in its message."""
    path = path.removeprefix(".")
    if named := _NAMED.match(message):
        path = f"{path}.{named[1]}" if path else named[1]
        message = "is not a field of this" if "unknown" in message else "is required"
    return FieldError(path or "body", message)
