"""The span of a publication: one for a batch, linked to the creation of each message in it.

So OpenTelemetry's conventions for messaging have it where messages are created one by one and sent
together: the batch belongs to no single trace, so it begins one of its own, and links lead to those
of its messages. It is kept whenever one of them is.
"""

from collections.abc import Sequence

import msgspec

from taskflow.base import spans
from taskflow.base.spans import NOTHING, Attributes, Kind, Span
from taskflow.bus.message import Message
from taskflow.outbox.append import SYSTEM


class _Head(msgspec.Struct):
    """What is read of an envelope."""

    traceparent: str = ""


_DECODER = msgspec.json.Decoder(_Head)


def publication(messages: Sequence[Message]) -> Span:
    """The span of publishing messages; nothing where nothing is traced."""
    if not spans.is_on():
        return NOTHING
    topics = {message.topic for message in messages}
    known: Attributes = {
        "messaging.system": SYSTEM,
        "messaging.operation.type": "send",
        "messaging.operation.name": "publish",
        "messaging.batch.message_count": len(messages),
    }
    name = "publish"
    if len(topics) == 1:
        topic = topics.pop()
        name, known = f"publish {topic}", {**known, "messaging.destination.name": topic}
    links = [_DECODER.decode(message.body).traceparent for message in messages]
    return spans.start(name, Kind.CLIENT, links=links, attributes=known)
