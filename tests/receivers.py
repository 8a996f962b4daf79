"""Receivers of what TaskFlow sends out: an HTTP server and a mail server that do as a test says."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message as Mail
from email.parser import BytesParser
from email.policy import default
from typing import Any, NamedTuple

from aiosmtpd.smtp import SMTP, Envelope, Session

LOOPBACK = "127.0.0.1"


class Call(NamedTuple):
    """A request that came; the names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class HttpReceiver:
    """An HTTP server on a free port; `status` and `headers` are what it answers next.

    Of a body it says that there are `missing` bytes more than there come.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    hangs: bool = False
    breaks: bool = False
    missing: int = 0
    calls: list[Call] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self, tls: ssl.SSLContext | None = None, host: str = LOOPBACK) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._serve, host, self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more; the port refuses connections."""
        if self._server is not None:
            self._server.close()
            for writer in self._writers:
                writer.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        # A client that breaks off is none of the receiver's business.
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._answer(reader, writer):
                pass
        self._writers.discard(writer)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        method, path, _ = head[0].split(" ")
        pairs = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.calls.append(Call(method, path, headers, body))
        if self.hangs:
            await reader.read()
        if self.hangs or self.breaks:
            return False
        lines = [
            f"HTTP/1.1 {self.status} Answered",
            f"Content-Length: {len(self.body) + self.missing}",
        ]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + self.body)
        await writer.drain()
        return self.headers.get("Connection") != "close"


@dataclass
class MailReceiver:
    """A mail server on a free port; `answer` is what it says to a recipient next."""

    answer: str = "250 OK"
    hangs: bool = False
    mails: list[Mail] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    port: int = 0
    authenticate: Any = None
    _server: asyncio.Server | None = None

    async def start(self, tls: ssl.SSLContext | None = None, *, is_wrapped: bool = False) -> None:
        """Begin to listen; with `tls` as STARTTLS, or wrapped in it from the first byte."""
        loop = asyncio.get_running_loop()
        upgrade = None if is_wrapped else tls

        def speak() -> SMTP:
            return SMTP(
                self,
                tls_context=upgrade,
                hostname="localhost",
                enable_SMTPUTF8=True,
                loop=loop,
                authenticator=self.authenticate and self._authenticated,
            )

        wrapped = tls if is_wrapped else None
        self._server = await loop.create_server(speak, LOOPBACK, self.port, ssl=wrapped)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more; the port refuses connections."""
        if self._server is not None:
            self._server.close()

    def _authenticated(self, *who: Any) -> Any:
        return self.authenticate(*who)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        """Take a recipient, or not."""
        if self.hangs:
            await asyncio.Event().wait()
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(  # noqa: N802 - the library's name
        self, _server: Any, _session: Session, envelope: Envelope
    ) -> str:
        """Take a mail."""
        self.recipients += envelope.rcpt_tos
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(BytesParser(policy=default).parsebytes(content))
        return "250 OK"
