"""The machine's limit of a fan-out: one loop that writes ready bytes to every open socket.

No HTTP server, no limits, no order to keep: what is left of a stream when all is taken away.
"""

import asyncio
import sys
from typing import cast

import uvloop

from benchmarks import frame

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
    b"event: ready\ndata: {}\n\n"
)


class Stream(asyncio.Protocol):
    """A socket that any request makes a stream."""

    everybody: set[asyncio.WriteTransport] = set()  # noqa: RUF012 - the one crowd of this program

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what writes."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, _data: bytes) -> None:
        """A request has come: the stream begins."""
        self._transport.write(HEAD)
        self.everybody.add(self._transport)

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget the socket."""
        self.everybody.discard(self._transport)


async def serve(port: int) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    await loop.create_server(Stream, "127.0.0.1", port, backlog=2048)
    print(frame.READY, flush=True)
    async for number in frame.commands():
        body = frame.frame(number)
        for transport in Stream.everybody:
            transport.write(body)


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
