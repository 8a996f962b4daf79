"""Correlation: every request has an id that its events, their effects and all log lines carry on.

A caller may bring its own (`X-Correlation-ID`, and W3C's `traceparent`); anything odd is replaced.
Where traces are collected a request is a span too, by OpenTelemetry's conventions for HTTP, but for
`url.path`: a path holds ids. Neither does it tell the query, any header or anything of the body.
"""

import re
import secrets
from contextvars import ContextVar
from typing import Any, Final, NamedTuple
from uuid import uuid4

from litestar.types import Scope

from taskflow.base import spans
from taskflow.base.spans import NOTHING, Kind, Span
from taskflow.chassis.heads import method_of

CORRELATION_HEADER: Final = b"x-correlation-id"
TRACEPARENT_HEADER: Final = b"traceparent"
CORRELATION: Final = "taskflow.correlation_id"
SERVICE: Final = "taskflow.service"
METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
# Asked for every few seconds, by machines.
UNTRACED: Final = ("/health/", "/metrics")
STREAM: Final = b"text/event-stream"
FAILURE: Final = 500
_CORRELATION = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class Trace(NamedTuple):
    """What the present request is known by."""

    correlation_id: str
    traceparent: str


_PRESENT: ContextVar[Trace | None] = ContextVar("trace", default=None)


def begin(headers: dict[bytes, bytes], span: Span = NOTHING) -> Trace:
    """Start the trace of a request from its headers (lower-case names) and its span."""
    correlation = headers.get(CORRELATION_HEADER, b"")
    trace = Trace(
        correlation.decode() if _CORRELATION.fullmatch(correlation) else str(uuid4()),
        span.traceparent or _brought(headers) or _new_traceparent(),
    )
    span.set({CORRELATION: trace.correlation_id})
    _PRESENT.set(trace)
    return trace


def request_span(scope: Any, headers: dict[bytes, bytes], service: str) -> Span:
    """The span of a request, whose route and answer are told later by `answered`."""
    if not spans.is_on() or scope["path"].startswith(UNTRACED):
        return NOTHING
    method = method_of(scope)
    known = {
        "http.request.method": method if method in METHODS else "_OTHER",
        "url.scheme": scope.get("scheme", "http"),
        "network.protocol.version": scope.get("http_version", "1.1"),
        SERVICE: service,
    }
    name = method if method in METHODS else "HTTP"
    return spans.start(name, Kind.SERVER, parent=_brought(headers), attributes=known)


def answered(span: Span, scope: Scope, message: Any) -> None:
    """A request's answer begins; a stream's span ends with that, since a stream may last days."""
    status, route = message["status"], scope.get("path_template")
    span.set({"http.response.status_code": status})
    if route is not None:
        span.set({"http.route": route})
        span.rename(f"{method_of(scope)} {route}")
    if status >= FAILURE:
        span.fail(str(status))
    if dict(message.get("headers", ())).get(b"content-type", b"").startswith(STREAM):
        span.end()


def present() -> Trace:
    """The trace of the request that is being served; a new one outside of any."""
    return _PRESENT.get() or Trace(str(uuid4()), _new_traceparent())


def _brought(headers: dict[bytes, bytes]) -> str | None:
    found = headers.get(TRACEPARENT_HEADER, b"")
    return found.decode() if _TRACEPARENT.fullmatch(found) else None


def _new_traceparent() -> str:
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
