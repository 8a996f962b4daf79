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
# The topic that the broker has an event from; of a dead letter the one that it came from first.
TOPIC_HEADER: Final = b"__topic"
Headers = Sequence[tuple[bytes, bytes]]
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Head(msgspec.Struct):
    """What a delivery needs of an event; everything else is the consumer's."""

    id: str = ""
    topic: str = ""
    partitionkey: str = ""
    subject: str = ""


class Delivery(NamedTuple):
    """What the sidecar brings: bytes, and the topic that it says they are from."""

    body: bytes
    topic: str = ""

    @classmethod
    def of(cls, headers: Headers, body: bytes) -> "Delivery":
        """The delivery that a request is."""
        return cls(body, dict(headers).get(TOPIC_HEADER, b"").decode("latin-1"))


class Entry(NamedTuple):
    """One event of a bulk delivery, under the name that the answer is to use."""

    id: str
    message: Message


class _Entry(msgspec.Struct):
    entry_id: str = msgspec.field(name="entryId")
    event: msgspec.Raw = msgspec.Raw(b"null")


class _Bulk(msgspec.Struct):
    entries: list[msgspec.Raw]
    topic: str = ""


class _Wrapped(msgspec.Struct):
    """What the sidecar makes of bytes that it was told not to read."""

    data_base64: bytes


async def read_body(headers: Headers, receive: Any) -> bytes:
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


def message_of(delivery: Delivery) -> Message:
    """An event, with what can be read of its head."""
    head = head_of(delivery.body)
    topic = head.topic or delivery.topic
    return Message(0, topic, head.partitionkey or head.subject, delivery.body)


def unwrapped(delivery: Delivery) -> Delivery:
    """A dead letter as it was; the sidecar delivers it unread, as base64 text in an event."""
    try:
        return delivery._replace(body=msgspec.json.decode(delivery.body, type=_Wrapped).data_base64)
    except _UNREADABLE:
        return delivery


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
        bulk = msgspec.json.decode(body, type=_Bulk)
    except _UNREADABLE as error:
        raise Invalid(str(error)) from error
    read = [_entry(one, bulk.topic) for one in bulk.entries]
    return [one for one in read if one is not None]


def _entry(raw: msgspec.Raw, topic: str) -> Entry | None:
    try:
        found = msgspec.json.decode(raw, type=_Entry)
    except _UNREADABLE:
        return None
    return Entry(found.entry_id, message_of(Delivery(_unpacked(found.event), topic)))


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
