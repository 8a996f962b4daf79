"""A collector of traces for tests: takes OTLP over HTTP and keeps every span."""

import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent

PATIENCE_SECONDS = 60


class Seen(NamedTuple):
    """A span as it arrived."""

    service: str
    name: str
    kind: str
    trace: str
    id: str
    parent: str
    links: tuple[str, ...]
    attributes: dict[str, object]
    events: tuple[str, ...]
    is_failed: bool

    @property
    def of(self) -> object:
        """The service whose work it is, also where all are one process."""
        return self.attributes.get("taskflow.service", self.service)


class Collector:
    """Listens on a port of its own; `hangs` takes connections and never answers."""

    def __init__(self, *, hangs: bool = False) -> None:
        self._news = threading.Condition()
        self._spans: list[Seen] = []
        self._bodies: list[bytes] = []
        self.calls = 0
        self._release = threading.Event()
        if not hangs:
            self._release.set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.take(self.path, body)
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def everything(self) -> bytes:
        """All that was ever told to it."""
        with self._news:
            return b"".join(self._bodies)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, path: str, body: bytes) -> None:
        assert path == "/v1/traces"
        with self._news:
            self.calls += 1
            self._news.notify_all()
        self._release.wait()
        with self._news:
            self._bodies.append(body)
            self._spans += _read(body)
            self._news.notify_all()

    def until_called(self) -> None:
        """Wait until somebody has sent something."""
        with self._news:
            assert self._news.wait_for(lambda: self.calls > 0, PATIENCE_SECONDS)

    def until(self, is_there: Callable[[list[Seen]], bool]) -> list[Seen]:
        """All spans, as soon as they are as they should be."""
        with self._news:
            came = self._news.wait_for(lambda: is_there(self._spans), PATIENCE_SECONDS)
            found = list(self._spans)
        assert came, "\n".join(f"{one.of}: {one.name} {one.parent}<{one.id}" for one in found)
        return found


def nobody_there() -> str:
    """The address of a collector that is away."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}"


def _read(body: bytes) -> list[Seen]:
    request = ExportTraceServiceRequest.FromString(body)
    return [
        _seen(_attributes(resource.resource.attributes)["service.name"], span)
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _seen(service: object, span: Sent) -> Seen:
    return Seen(
        str(service),
        span.name,
        Sent.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        tuple(f"{link.trace_id.hex()}-{link.span_id.hex()}" for link in span.links),
        _attributes(span.attributes),
        tuple(event.name for event in span.events),
        span.status.code == 2,
    )


def _attributes(pairs: object) -> dict[str, object]:
    found: dict[str, object] = {}
    for pair in pairs:  # type: ignore[attr-defined]
        field = pair.value.WhichOneof("value")
        found[pair.key] = getattr(pair.value, field) if field else None
    return found


def paths(spans: list[Seen], trace: str) -> list[str]:
    """Of each span of a trace the way to it from its root, sorted; publications stand outside."""
    mine = {one.id: one for one in spans if one.trace == trace}

    def path(one: Seen) -> str:
        above = mine.get(one.parent)
        name = f"{one.of}: {one.name}" if "taskflow.service" in one.attributes else one.name
        return f"{path(above)} > {name}" if above else name

    return sorted(path(one) for one in mine.values())
