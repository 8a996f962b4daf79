"""Reads what the sidecar delivers: as bytes, of bounded size, and whatever they are."""

import base64
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from taskflow.base.errors import Invalid, TooLarge, Unavailable
from taskflow.bus.message import Message

# More than the largest bulk: a hundred events of 256 KiB, and what is around them.
MOST_BYTES: Final = 64 * 1024 * 1024
TOO_LARGE: Final = "no delivery is as large as this"
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Head(msgspec.Struct):
    """What a delivery needs of an event; everything else is the consumer's."""

    id: str = ""
    topic: str = ""
    partitionkey: str = ""
    subject: str = ""


class Entry(NamedTuple):
    """One event of a bulk delivery, under the name that the answer is to use."""

    id: str
    message: Message


class _Entry(msgspec.Struct):
    entry_id: str = msgspec.field(name="entryId")
    event: msgspec.Raw = msgspec.Raw(b"null")


class _Bulk(msgspec.Struct):
    entries: list[msgspec.Raw]


async def read_body(headers: Sequence[tuple[bytes, bytes]], receive: Any) -> bytes:
    """The whole body of a request.

    Raises:
        TooLarge: it is, or says that it will be.
        Unavailable: whoever sent it left before its end.
    """
    declared = dict(headers).get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > MOST_BYTES:
        raise TooLarge(TOO_LARGE, MOST_BYTES)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Unavailable("the sidecar left before the end of a delivery")
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            raise TooLarge(TOO_LARGE, MOST_BYTES)
        if not message.get("more_body"):
            return bytes(body)


def message_of(body: bytes) -> Message:
    """An event, with what can be read of its head."""
    head = head_of(body)
    return Message(0, head.topic, head.partitionkey or head.subject, body)


def head_of(body: bytes) -> Head:
    """The head of an event; an empty one where it cannot be read."""
    try:
        return msgspec.json.decode(body, type=Head)
    except _UNREADABLE:
        return Head()


def entries_of(body: bytes) -> list[Entry]:
    """The entries of a bulk; one that has no name cannot be answered for, and comes again.

    Raises:
        Invalid: it is no bulk at all.
    """
    try:
        entries = msgspec.json.decode(body, type=_Bulk).entries
    except _UNREADABLE as error:
        raise Invalid(str(error)) from error
    read = [_entry(one) for one in entries]
    return [one for one in read if one is not None]


def _entry(raw: msgspec.Raw) -> Entry | None:
    try:
        found = msgspec.json.decode(raw, type=_Entry)
    except _UNREADABLE:
        return None
    return Entry(found.entry_id, message_of(_unpacked(found.event)))


def _unpacked(event: msgspec.Raw) -> bytes:
    """An event of a bulk as bytes; one that the sidecar could not read comes as base64 text."""
    body = bytes(event)
    if body[:1] != b'"':
        return body
    text = msgspec.json.decode(body, type=str)
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return text.encode()
