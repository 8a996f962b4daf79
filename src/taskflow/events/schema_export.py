"""The event contract as JSON Schemas, one for each type: the envelope and its data. Pure.

They promise every field that is there and refuse none that may come: the contract grows by adding.
"""

from typing import Any, Final

from taskflow.base.schemas import schemas_of
from taskflow.events.envelope import Envelope, source_of
from taskflow.events.topics import ALL_TYPES, REMINDER_TRIGGERED, TASK_CREATED

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_UUID: Final = {"type": "string", "format": "uuid"}
_TRACE: Final = {"type": "string", "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"}


def event_schemas() -> dict[str, dict[str, Any]]:
    """The schema of each type of event, by the type."""
    return {event_type: _schema(event_type) for event_type in ALL_TYPES}


def _schema(event_type: str) -> dict[str, Any]:
    parts = schemas_of((), (Envelope,), "#/$defs/{name}")
    envelope, event = parts.pop("Envelope"), parts["TaskEvent"]
    _narrow_envelope(envelope, event_type)
    _narrow_data(event, event_type)
    name = f"urn:taskflow:event:{event_type}:1"
    return {"$schema": DIALECT, "$id": name} | envelope | {"title": event_type, "$defs": parts}


def _narrow_envelope(envelope: dict[str, Any], event_type: str) -> None:
    """Say what a Python type of the envelope cannot."""
    envelope["required"] += ["specversion", "datacontenttype"]
    envelope["properties"] |= {
        "specversion": {"const": "1.0"},
        "datacontenttype": {"const": "application/json"},
        "type": {"const": event_type},
        "source": {"const": source_of(event_type)},
        "dataschema": {"const": f"urn:taskflow:event:{event_type}:1"},
        "id": _UUID,
        "subject": _UUID,
        "partitionkey": _UUID,
        "time": {"type": "string", "format": "date-time", "pattern": r"\.[0-9]{6}Z$"},
        "traceparent": _TRACE,
        "traceid": _TRACE,
    }


def _narrow_data(event: dict[str, Any], event_type: str) -> None:
    """Say what holds for this type of event alone."""
    event["properties"]["event_type"] = {"const": event_type}
    if event_type in (TASK_CREATED, REMINDER_TRIGGERED):
        event["properties"]["changes"]["maxProperties"] = 0
    if event_type == REMINDER_TRIGGERED:
        event["required"].append("reminder")
    else:
        del event["properties"]["reminder"]
