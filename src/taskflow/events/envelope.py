"""The CloudEvents 1.0 envelope in structured mode, built once and kept as bytes."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from taskflow.events.payloads import EventType, TaskEvent
from taskflow.events.topics import REMINDER_TRIGGERED, TOPIC_OF

CONTENT_TYPE: Final = "application/cloudevents+json"
MAX_BYTES: Final = 256 * 1024
TASK_SOURCE: Final = "/taskflow/task-api"
REMINDER_SOURCE: Final = "/taskflow/reminder"


class Unreadable(ValueError):
    """The bytes are no event of ours that we can read; no retry will change that."""


class Envelope(Struct, frozen=True, omit_defaults=True):
    """A CloudEvent; `time` is when it happened, never when it was sent.

    `traceid` repeats `traceparent`, since Dapr overwrites whichever is missing.
    """

    id: str
    source: str
    type: EventType
    subject: str
    time: str
    dataschema: str
    partitionkey: str
    data: TaskEvent
    specversion: Literal["1.0"] = "1.0"
    datacontenttype: Literal["application/json"] = "application/json"
    traceparent: str | UnsetType = UNSET
    traceid: str | UnsetType = UNSET
    tracestate: str | UnsetType = UNSET

    @property
    def topic(self) -> str:
        """The topic that this type of event goes to."""
        return TOPIC_OF[self.type]


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Envelope)


def source_of(event_type: str) -> str:
    """Who tells of an event of this type."""
    return REMINDER_SOURCE if event_type == REMINDER_TRIGGERED else TASK_SOURCE


def wrap(event: TaskEvent, traceparent: str | None = None) -> Envelope:
    """The envelope of an event."""
    trace = traceparent or UNSET
    task_id = str(event.task_id)
    return Envelope(
        id=str(event.event_id),
        source=source_of(event.event_type),
        type=event.event_type,
        subject=task_id,
        time=written(event.timestamp),
        dataschema=f"urn:taskflow:event:{event.event_type}:1",
        partitionkey=task_id,
        data=event,
        traceparent=trace,
        traceid=trace,
    )


@lru_cache(maxsize=16)
def written(instant: datetime) -> str:
    """An instant as `time` has it; those of a batch happen at the same one."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def encode(envelope: Envelope) -> bytes:
    """The envelope as JSON."""
    return (
        b'{"specversion":"1.0","datacontenttype":"application/json",'
        + _ENCODER.encode(envelope)[1:]
    )


def decode(body: bytes) -> Envelope:
    """Read an envelope.

    Raises:
        Unreadable: it is no JSON, no event of ours, of an unknown version, or contradicts itself.
    """
    try:
        envelope = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    if envelope.dataschema != f"urn:taskflow:event:{envelope.type}:1":
        raise Unreadable(f"unknown schema {envelope.dataschema}")
    if envelope.id != str(envelope.data.event_id) or envelope.type != envelope.data.event_type:
        raise Unreadable("the envelope contradicts its data")
    return envelope
