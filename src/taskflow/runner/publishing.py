"""What the relays of this process show: the age of what they publish, and their share of it."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog

from taskflow.bus.message import Message
from taskflow.chassis.metrics import Metrics
from taskflow.events.envelope import Unreadable, decode
from taskflow.outbox.leased_relay import LeasedRelay

STAGE: Final = "published"

log = structlog.get_logger()


def note_published(metrics: Metrics, now: datetime, messages: Sequence[Message]) -> None:
    """Count events that were published, and log each where somebody wants to read that."""
    for message in messages:
        if message.created_at is not None:
            age = (now - message.created_at).total_seconds()
            metrics.event_age(STAGE, metrics.service, age)
    if log.is_enabled_for(logging.DEBUG):
        for message in messages:
            log.debug("event.published", topic=message.topic, **_names(message))


def show_shards(metrics: Metrics, source: str, relay: LeasedRelay) -> None:
    """Show how many shards of the outbox a relay holds."""
    leases = metrics.gauge(
        "taskflow_relay_leases_held",
        "Shards of the outbox that this process publishes; over all replicas they sum up to 8.",
        ["source"],
    )
    leases.labels(source).set_function(lambda: relay.shards)


def _names(message: Message) -> dict[str, str]:
    """What the event and its request are known by."""
    try:
        envelope = decode(message.body)
    except Unreadable:
        return {"position": str(message.position)}
    return {"event_id": envelope.id, "correlation_id": envelope.data.correlation_id}
