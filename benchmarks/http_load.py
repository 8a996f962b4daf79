"""The load generator: HTTP/1.1 over keep-alive connections, as little of it as there must be.

httpx and aiohttp spend more on a request than the servers under measurement do, so on two cores
they would be what is measured. This is an asyncio protocol on uvloop that writes prepared bytes and
looks for a status and a length: some 20 µs a request, the same for everybody.
"""

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import Final, NamedTuple, cast

from benchmarks.processes import Failed

END: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length: "
PATIENCE_SECONDS: Final = 30.0


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes


class Connection(asyncio.Protocol):
    """A connection for one request after another."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what writes."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Conclude the request when its answer is whole."""
        self._buffer += data
        head, separator, body = self._buffer.partition(END)
        if not separator or self._waiting is None:
            return
        length = int(head.lower().partition(LENGTH)[2].partition(b"\r\n")[0] or 0)
        if len(body) >= length:
            waiting, self._waiting, self._buffer = self._waiting, None, b""
            waiting.set_result(Answer(int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits is told."""
        if self._waiting is not None:
            self._waiting.set_exception(exc or Failed("the server closed the connection"))

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    async def ask(self, request: bytes) -> Answer:
        """Send a request and wait for its answer."""
        if self._transport is None:
            raise Failed("not connected")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting


class Run(NamedTuple):
    """What a closed loop measured."""

    seconds: float
    latencies: list[float]

    @property
    def per_second(self) -> float:
        """Requests answered a second."""
        return len(self.latencies) / self.seconds


async def connect(port: int, count: int) -> list[Connection]:
    """So many open connections to a port of this machine."""
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(Connection, "127.0.0.1", port) for _ in range(count)]
    return [connection for _, connection in opened]


def post(path: str, token: str, body: bytes) -> bytes:
    """A request's bytes."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


async def closed_loop(
    port: int, requests: list[Callable[[], bytes]], seconds: float, expected: int
) -> Run:
    """Keep one connection a request maker busy; the next request follows an answer at once.

    Raises:
        Failed: an answer had another status than the expected one.
    """
    connections = await connect(port, len(requests))
    latencies: list[float] = []
    begun = perf_counter()

    async def work(connection: Connection, make: Callable[[], bytes]) -> None:
        while (sent := perf_counter()) - begun < seconds:
            answer = await connection.ask(make())
            latencies.append(perf_counter() - sent)
            if answer.status != expected:
                raise Failed(f"answered {answer.status}: {answer.body[:300]!r}")

    async with asyncio.timeout(seconds + PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        for connection, make in zip(connections, requests, strict=True):
            group.create_task(work(connection, make))
    taken = perf_counter() - begun
    for connection in connections:
        connection.close()
    return Run(taken, latencies)
