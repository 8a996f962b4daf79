"""OpenTelemetry's spans behind our own (`base.spans`)."""

from collections.abc import Sequence
from importlib.metadata import version

from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as OtelSpan

from taskflow.base.spans import NONE, Attributes, Kind, Span


class OtelTracer:
    """Makes OpenTelemetry's spans.

    Args:
        provider: Whose they are.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("taskflow", version("taskflow"))

    def start(
        self,
        name: str,
        kind: Kind,
        parent: Span | str | None,
        links: Sequence[str],
        attributes: Attributes,
    ) -> "RecordedSpan":
        """A span that begins now."""
        span = self._tracer.start_span(
            name,
            context=_context(parent),
            kind=SpanKind[kind.name],
            attributes=dict(attributes),
            links=[Link(found) for one in links if (found := _read(one)) is not None],
        )
        return RecordedSpan(span)


class RecordedSpan:
    """An OpenTelemetry span.

    Args:
        span: The span.
    """

    def __init__(self, span: OtelSpan) -> None:
        self.span = span
        context = span.get_span_context()
        flags = context.trace_flags & TraceFlags.SAMPLED
        self.traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{flags:02x}"

    @property
    def is_recording(self) -> bool:
        """Whether it goes to a collector and has yet to end."""
        return self.span.is_recording()

    def rename(self, name: str) -> None:
        """Name it better."""
        if self.is_recording:
            self.span.update_name(name)

    def set(self, attributes: Attributes) -> None:
        """Say more of it."""
        if self.is_recording:
            self.span.set_attributes(dict(attributes))

    def note(self, name: str, attributes: Attributes = NONE) -> None:
        """Something happened now."""
        if self.is_recording:
            self.span.add_event(name, dict(attributes))

    def fail(self, error_type: str) -> None:
        """It failed."""
        if self.is_recording:
            self.span.set_attribute("error.type", error_type)
            self.span.set_status(Status(StatusCode.ERROR))

    def end(self) -> None:
        """It is over."""
        if self.is_recording:
            self.span.end()


def _context(parent: Span | str | None) -> Context:
    """The context of a parent; an empty one where there is none, whatever else is present."""
    if isinstance(parent, RecordedSpan):
        return set_span_in_context(parent.span, Context())
    found = _read(parent) if isinstance(parent, str) else None
    return Context() if found is None else set_span_in_context(NonRecordingSpan(found), Context())


def _read(traceparent: str) -> SpanContext | None:
    """What a `traceparent` names; None where it is none (W3C Trace Context, 3.2)."""
    parts = traceparent.split("-")
    try:
        trace_id, span_id, flags = (int(part, 16) for part in parts[1:4])
    except ValueError:
        return None
    found = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags & 1))
    return found if found.is_valid else None
