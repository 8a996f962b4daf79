"""The event that is fanned out, the same bytes for everybody, and how a server is told to send it.

Its number stands in the data in six digits: whoever listens looks for these.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from typing import Final

BYTES: Final = 330
EVENT: Final = "task.updated"
READY: Final = "the stream server listens"
GREETING: Final = b"event: ready"


def data(number: int) -> str:
    """The data line's content; the whole frame has `BYTES` bytes."""
    bare = len(_frame(number, _json(number, "")))
    return _json(number, "x" * (BYTES - bare))


def frame(number: int) -> bytes:
    """The event as a server-sent event."""
    return _frame(number, data(number))


def marker(number: int) -> bytes:
    """What is looked for in the bytes that come."""
    return b'"n":"%06d"' % number


async def commands() -> AsyncIterator[int]:
    """The numbers of the events to send, a line of standard input each, until it or we end."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    loop.add_signal_handler(signal.SIGTERM, reader.feed_eof)
    async for line in reader:
        yield int(line)


def _json(number: int, padding: str) -> str:
    return f'{{"n":"{number:06d}","title":"{padding}"}}'


def _frame(number: int, text: str) -> bytes:
    return f"id: {number}\nevent: {EVENT}\ndata: {text}\n\n".encode()
