"""HTTP/1.1 as uvicorn speaks it, with an end to what stands before a body, and problem documents.

uvicorn's protocol over httptools takes a head of any size and answers what it cannot parse with
plain text.
"""

import json
from typing import Final

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from taskflow.chassis.wire import WIRE, Wire

MAX_HEAD_BYTES: Final = 64 * 1024
_TOO_LARGE: Final = (
    431,
    "head-too-large",
    "Request Header Fields Too Large",
    "the head is too large",
)
_BROKEN: Final = (400, "malformed", "Bad Request", "this is not HTTP/1.1")


class BoundedProtocol(HttpToolsProtocol):
    """One connection; a head that is too large ends it."""

    _head_bytes = 0
    _is_in_head = True

    def data_received(self, data: bytes) -> None:
        """Take what came; a header that goes on and on is seen here alone."""
        was_in_head = self._is_in_head
        super().data_received(data)
        if was_in_head and self._is_in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.send_400_response("")

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._is_in_head, self._head_bytes = True, 0

    def on_url(self, url: bytes) -> None:
        """Part of the address."""
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A whole header."""
        self._count(name + value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._is_in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - what uvicorn would say
        """Answer what is no request, and close."""
        is_large = self._head_bytes > MAX_HEAD_BYTES
        status, name, title, detail = _TOO_LARGE if is_large else _BROKEN
        problem = {"type": f"urn:taskflow:problem:{name}", "title": title, "status": status}
        body = json.dumps({**problem, "detail": detail}).encode()
        head = (
            f"HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _count(self, part: bytes) -> None:
        """Count what came of the head; raising makes the parser give up."""
        self._head_bytes += len(part)
        if self._head_bytes > MAX_HEAD_BYTES:
            raise httptools.HttpParserError(_TOO_LARGE[3])


class Protocol(BoundedProtocol):
    """uvicorn's HTTP, which hands the connection on to the app.

    When a client leaves, uvicorn tells the newest request of its connection alone: where another
    one was sent behind a stream, the stream would never end.
    """

    _running: RequestResponseCycle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has left, or was cut off."""
        super().connection_lost(exc)
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.scope["extensions"] = {WIRE: Wire(self.transport)}  # type: ignore[dict-item]
