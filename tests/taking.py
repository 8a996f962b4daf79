"""Receivers in threads, for tests that drive the product from outside."""

import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.handlers import Message as Keeping

PATIENCE_SECONDS = 20


class Receiver(ThreadingHTTPServer):
    """Takes webhooks; `status` is what it answers next."""

    status = 200
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.calls: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook/with-a-secret"


class _Taking(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.calls.append((headers, body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class Box(Keeping):
    """Keeps the mails that come."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Any] = []

    def handle_message(self, message: Any) -> None:
        self.mails.append(message)

    def code(self, at_least: int) -> str:
        """The code of the newest mail, once there are so many."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(self.mails) < at_least and time.monotonic() < deadline:
            time.sleep(0.01)
        found = re.search(r"\b\d{8}\b", self.mails[-1]["Subject"])
        assert found
        return found[0]
