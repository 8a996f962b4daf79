"""What a message from the bus says, and who it is to be spoken of as."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from taskflow.bus.message import Message
from taskflow.events.envelope import Envelope, Unreadable, decode


def read(message: Message) -> Envelope | Unreadable:
    """The envelope of a message, or why there is none."""
    try:
        return decode(message.body)
    except Unreadable as error:
        return error


def name_of(message: Message) -> str:
    """The event's id, or where it cannot be read a name made from its bytes."""
    envelope = read(message)
    if isinstance(envelope, Envelope):
        return envelope.id
    return f"unreadable-{hashlib.sha256(message.body).hexdigest()[:32]}"


@contextmanager
def speaking_of(envelope: Envelope | Unreadable | None) -> Iterator[None]:
    """Every log line inside names the request and the event that led here, where there is one."""
    if not isinstance(envelope, Envelope):
        yield
        return
    with structlog.contextvars.bound_contextvars(
        correlation_id=envelope.data.correlation_id, event_id=envelope.id
    ):
        yield
