"""Opaque cursors: where a page ended, so that the next begins there whatever came in since.

A cursor names its list and is a place in it, nothing more: whose rows are shown, and which, the
query says each time.
"""

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Any, Final, cast

import msgspec

from taskflow.base.errors import Invalid

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Version = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
_BROKEN: Final = (
    msgspec.MsgspecError, binascii.Error, UnicodeError, ValueError, OverflowError, RecursionError,
)  # fmt: skip


def encode(of: str, *position: object) -> str:
    """A cursor of a list, from the sort key of a page's last item (texts, integers, times, ids)."""
    return base64.urlsafe_b64encode(msgspec.json.encode((of, *position))).decode().rstrip("=")


def decode(cursor: str, of: str, kind: Any) -> tuple[Any, ...]:
    """The position in a cursor of a list, as a tuple type such as `tuple[datetime, UUID]`.

    Raises:
        Invalid: it is no cursor of this list.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, b"-_", validate=True)
        name, *position = msgspec.json.decode(text, type=list[Any])
        found = cast("tuple[Any, ...]", msgspec.convert(position, kind))
        place = tuple(one.astimezone(UTC) if isinstance(one, datetime) else one for one in found)
    except _BROKEN as error:
        raise Invalid.field("cursor", "is not a cursor of this list") from error
    if name != of:
        raise Invalid.field("cursor", "belongs to another list")
    return place
