"""Correlation: every request has an id that its events, their effects and all log lines carry on.

A caller may bring its own (`X-Correlation-ID`, and W3C's `traceparent`); anything odd is replaced.
"""

import re
import secrets
from contextvars import ContextVar
from typing import Final, NamedTuple
from uuid import uuid4

CORRELATION_HEADER: Final = b"x-correlation-id"
TRACEPARENT_HEADER: Final = b"traceparent"
_CORRELATION = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class Trace(NamedTuple):
    """What the present request is known by."""

    correlation_id: str
    traceparent: str


_PRESENT: ContextVar[Trace | None] = ContextVar("trace", default=None)


def begin(headers: dict[bytes, bytes]) -> Trace:
    """Start the trace of a request from its headers (lower-case names)."""
    correlation = headers.get(CORRELATION_HEADER, b"")
    traceparent = headers.get(TRACEPARENT_HEADER, b"")
    trace = Trace(
        correlation.decode() if _CORRELATION.fullmatch(correlation) else str(uuid4()),
        traceparent.decode() if _TRACEPARENT.fullmatch(traceparent) else _new_traceparent(),
    )
    _PRESENT.set(trace)
    return trace


def present() -> Trace:
    """The trace of the request that is being served; a new one outside of any."""
    return _PRESENT.get() or Trace(str(uuid4()), _new_traceparent())


def _new_traceparent() -> str:
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
