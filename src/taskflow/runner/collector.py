"""Sends spans to an OpenTelemetry collector (OTLP over HTTP), off the way of every request.

Spans wait in a queue of bounded size for a thread of its own. While the collector is away or hangs,
spans are dropped and counted; nobody waits for it, and stopping waits only for so long. With
`recording` the only module that knows OpenTelemetry, whose packages are the extra `otel`.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Final
from uuid import uuid4

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes as OtelAttributes
from prometheus_client import Counter

from taskflow.base.spans import traced_by
from taskflow.runner.recording import OtelTracer

QUEUE: Final = 4_096
BATCH: Final = 512
DELAY_MILLISECONDS: Final = 1_000
EXPORT_SECONDS: Final = 3.0
STOP_SECONDS: Final = 3.0
# As many as one publication has events.
MOST_LINKS: Final = 500
PATH: Final = "/v1/traces"

log = structlog.get_logger()


@contextmanager
def collecting(endpoint: str, ratio: float, name: str, counter: Counter) -> Iterator[None]:
    """Trace this process for the block.

    Args:
        endpoint: The collector's address, `http://collector:4318`.
        ratio: The part of traces that are kept, of those that begin here.
        name: What this process is called.
        counter: Counts spans by `outcome`.
    """
    # It complains of every batch; `Exporter` says once what matters.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    resource = Resource.create(
        {
            "service.name": name,
            "service.namespace": "taskflow",
            "service.version": version("taskflow"),
            "service.instance.id": str(uuid4()),
        }
    )
    provider = TracerProvider(
        sampler=ParentBased(root=LinkedRatio(ratio)),
        resource=resource,
        shutdown_on_exit=False,
        span_limits=SpanLimits(max_links=MOST_LINKS),
    )
    provider.add_span_processor(Queue(endpoint, counter))
    try:
        with traced_by(OtelTracer(provider)):
            yield
    finally:
        # A thread that nobody waits for: a collector that hangs must not hold us.
        ending = threading.Thread(target=provider.shutdown, daemon=True)
        ending.start()
        ending.join(STOP_SECONDS)


class LinkedRatio(Sampler):
    """Samples by ratio; what is done for other traces is sampled when one of them is.

    Args:
        ratio: The part of traces that are sampled.
    """

    def __init__(self, ratio: float) -> None:
        self._ratio = TraceIdRatioBased(ratio)

    def should_sample(  # noqa: PLR0913, PLR0917 - OpenTelemetry's own signature
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: OtelAttributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Whether to keep a trace that begins with this span."""
        rule: Sampler = self._ratio
        if links:
            is_wanted = any(link.context.trace_flags.sampled for link in links)
            rule = ALWAYS_ON if is_wanted else ALWAYS_OFF
        return rule.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        """What it does, in a word."""
        return f"LinkedRatio{{{self._ratio.rate}}}"


class Queue(SpanProcessor):
    """Spans that wait for the collector; what finds no room is dropped.

    Args:
        endpoint: The collector's address.
        counter: Counts spans by `outcome`.
    """

    def __init__(self, endpoint: str, counter: Counter) -> None:
        self._dropped = counter.labels("dropped")
        self._lock = threading.Lock()
        self._waiting = 0
        self._batches = BatchSpanProcessor(
            Exporter(endpoint, counter, self._leave),
            max_queue_size=QUEUE,
            max_export_batch_size=BATCH,
            schedule_delay_millis=DELAY_MILLISECONDS,
        )

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span that has ended; waits for nothing."""
        if not (span.context and span.context.trace_flags.sampled):
            return
        with self._lock:
            has_room = self._waiting < QUEUE
            self._waiting += has_room
        if has_room:
            self._batches.on_end(span)
        else:
            self._dropped.inc()

    def shutdown(self) -> None:
        """Send what waits."""
        self._batches.shutdown()  # type: ignore[no-untyped-call]

    def _leave(self, spans: int) -> None:
        with self._lock:
            self._waiting -= spans


class Exporter(SpanExporter):
    """Sends batches to the collector, and counts what became of them.

    Args:
        endpoint: The collector's address.
        counter: Counts spans by `outcome`.
        leave: Told how many spans wait no more.
    """

    def __init__(self, endpoint: str, counter: Counter, leave: Callable[[int], None]) -> None:
        base = endpoint.rstrip("/")
        url = base if base.endswith(PATH) else base + PATH
        self._sender = OTLPSpanExporter(endpoint=url, timeout=EXPORT_SECONDS)
        self._exported, self._failed = counter.labels("exported"), counter.labels("failed")
        self._leave = leave
        self._is_away = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch; one that the collector does not take in time is lost."""
        self._leave(len(spans))
        result = self._sender.export(spans)
        is_away = result is not SpanExportResult.SUCCESS
        (self._failed if is_away else self._exported).inc(len(spans))
        if is_away != self._is_away:
            self._is_away = is_away
            log.warning("traces.collector_away" if is_away else "traces.collector_back")
        return result

    def shutdown(self) -> None:
        """End the connection."""
        self._sender.shutdown()  # type: ignore[no-untyped-call]
