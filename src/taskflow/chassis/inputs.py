"""What stands in a request's address or body, for every service's doors: its form, its checks."""

from datetime import datetime
from typing import Annotated, Final

from litestar.params import QueryParameter

from taskflow.base.errors import Invalid

LONGEST_TEXT: Final = 1_000
MAX_LIMIT: Final = 200
Limit = Annotated[
    int, QueryParameter(ge=1, le=MAX_LIMIT, description="At most so many items are answered.")
]
Cursor = Annotated[
    str | None,
    QueryParameter(required=False, description="The `next_cursor` of the page before this one."),
]


def zoned(name: str, at: datetime | None) -> datetime | None:
    """A time that says its offset from UTC.

    Raises:
        Invalid: it does not.
    """
    if at is not None and at.tzinfo is None:
        raise Invalid.field(name, "needs an offset from UTC, such as Z or +01:00")
    return at


def printable(name: str, text: str | None) -> str | None:
    """A text that a query can carry.

    Raises:
        Invalid: it is too long, or has control characters.
    """
    if text is not None and (len(text) > LONGEST_TEXT or not text.isprintable()):
        raise Invalid.field(name, f"must be a printable text of at most {LONGEST_TEXT} characters")
    return text
