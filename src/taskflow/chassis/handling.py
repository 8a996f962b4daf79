"""The spans of events that a consumer handles: one for each event, over all attempts at it.

Such a span is below the one that created the message, however long ago that was, so that one trace
leads from a request to all that came of it. An attempt that fails is noted on it, and it ends when
the event is done or set aside. Only so many are kept open: then the oldest ends as it is.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from taskflow.base import spans
from taskflow.base.spans import NOTHING, Attributes, Kind, Span
from taskflow.chassis.tracing import CORRELATION, SERVICE
from taskflow.events.envelope import Envelope

MOST_OPEN: Final = 2_000
DONE: Final = "done"


class Handling:
    """What one consumer is at.

    Args:
        consumer: Its name.
    """

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer
        self._open: OrderedDict[str, Span] = OrderedDict()

    def begin(self, envelopes: Sequence[Envelope]) -> None:
        """An attempt at events begins."""
        if not spans.is_on():
            return
        for envelope in envelopes:
            if envelope.id not in self._open:
                self._open[envelope.id] = self._start(envelope, len(envelopes))
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)[1].end()

    def span_of(self, event_id: str) -> Span:
        """The span of an event that is being handled."""
        return self._open.get(event_id, NOTHING)

    def conclude(self, envelopes: Sequence[Envelope], verdict: str, error_type: str) -> None:
        """An attempt has ended: done, retry (it failed) or away (we could not try)."""
        for envelope in envelopes:
            if verdict == DONE:
                self._end(envelope.id)
            elif (span := self._open.get(envelope.id)) is not None:
                span.note(verdict, {"error.type": error_type})

    def set_aside(self, event_id: str) -> None:
        """There will be no further attempt."""
        if (span := self._open.get(event_id)) is not None:
            span.note("set aside")
            span.fail("dead letter")
        self._end(event_id)

    def stop(self) -> None:
        """Leave; what is open goes on in another process, as a span of its own."""
        for event_id in list(self._open):
            self._end(event_id)

    def _end(self, event_id: str) -> None:
        if (span := self._open.pop(event_id, None)) is not None:
            span.end()

    def _start(self, envelope: Envelope, batch: int) -> Span:
        known: Attributes = {
            "messaging.system": "taskflow",
            "messaging.operation.type": "process",
            "messaging.operation.name": "process",
            "messaging.destination.name": envelope.topic,
            "messaging.consumer.group.name": self._consumer,
            "messaging.message.id": envelope.id,
            SERVICE: self._consumer,
            CORRELATION: envelope.data.correlation_id,
        }
        if batch > 1:
            known = {**known, "messaging.batch.message_count": batch}
        name = f"process {envelope.topic}"
        cause = envelope.traceparent or None
        return spans.start(name, Kind.CONSUMER, parent=cause, attributes=known)
