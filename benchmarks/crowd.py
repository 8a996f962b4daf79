"""Many open streams in one loop: whoever listens is told which bytes came on which stream."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, cast

from benchmarks.processes import Failed

OPENING: Final = 64
OPEN_SECONDS: Final = 120.0

Heard = Callable[[int, bytes], None]
"""Told the number of a stream and what came on it."""


class Listener(asyncio.Protocol):
    """One stream: asks for it, waits for its first bytes, then hands on all that comes.

    Args:
        number: Its place in the crowd.
        request: What opens it.
        greeting: What its first bytes end with, once it is live.
        heard: Told of what comes after that.
    """

    def __init__(self, number: int, request: bytes, greeting: bytes, heard: Heard) -> None:
        self.is_live = asyncio.get_running_loop().create_future()
        self._number = number
        self._request = request
        self._greeting = greeting
        self._heard = heard
        self._begun = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Hand on what comes, once the stream is live."""
        if self.is_live.done():
            self._heard(self._number, data)
            return
        self._begun += data
        if self._greeting in self._begun:
            self.is_live.set_result(None)

    def connection_lost(self, _error: Exception | None) -> None:
        """A stream that ends before it was live fails the benchmark."""
        if not self.is_live.done():
            self.is_live.set_exception(Failed(f"a stream was refused: {self._begun[:300]!r}"))

    def close(self) -> None:
        """Leave."""
        if self._transport is not None:
            self._transport.abort()


async def gather(
    port: int, requests: Sequence[bytes], greeting: bytes, heard: Heard
) -> list[Listener]:
    """Open a stream for every request, some at a time; returns when all are live.

    Raises:
        Failed: one was refused.
    """
    loop = asyncio.get_running_loop()
    places = asyncio.Semaphore(OPENING)

    async def open_one(number: int) -> Listener:
        async with places:
            _, listener = await loop.create_connection(
                lambda: Listener(number, requests[number], greeting, heard), "127.0.0.1", port
            )
            await listener.is_live
            return listener

    async with asyncio.timeout(OPEN_SECONDS), asyncio.TaskGroup() as group:
        tasks = [group.create_task(open_one(number)) for number in range(len(requests))]
    return [task.result() for task in tasks]


def ask_for(path: str, token: str) -> bytes:
    """The request that opens a stream."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        "Accept: text/event-stream\r\n\r\n"
    ).encode()
