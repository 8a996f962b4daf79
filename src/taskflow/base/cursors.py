"""Opaque cursors: where a page ended, so that the next begins there whatever came in since."""

import base64
import binascii
from typing import TypeVar

import msgspec

from taskflow.base.errors import Invalid

T = TypeVar("T")


def encode(*position: object) -> str:
    """A cursor from the sort key of a page's last item (strings, integers, None; times as text)."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def decode(cursor: str, kind: type[T]) -> T:
    """The position in a cursor, as a tuple type such as `tuple[datetime, UUID]`.

    Raises:
        Invalid: it is no cursor of this list.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=kind)
    except (msgspec.MsgspecError, binascii.Error, UnicodeError) as error:
        raise Invalid.field("cursor", "is not a cursor of this list") from error
