"""Streams on the real server: a message is handed over whole and once, or not at all."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from litestar.types import Receive, Scope, Send
from tests.notes import USER

from taskflow.accounts.model import Identity
from taskflow.chassis.wire import wire_of
from taskflow.runner.server import listen, make_server
from taskflow.services.notification.connections import Outgoing
from taskflow.services.notification.stream import BUFFER_BYTES, Stream

PATIENCE_SECONDS = 30
MESSAGE = b"%08d" + b"." * 4_000 + b"\n"


class App:
    """Opens a stream for whoever asks, and tells when they leave."""

    def __init__(self) -> None:
        self.opened: asyncio.Queue[Stream] = asyncio.Queue(10)
        self.left = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wire = wire_of(scope)
        wire.limit(BUFFER_BYTES, 60)
        identity = Identity(USER, "user", "", "", "user", frozenset(), UUID(int=1))
        stream = Stream(identity, send, wire, Outgoing(10), wants_all=False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        stream.is_live = True
        await self.opened.put(stream)
        while (await receive())["type"] != "http.disconnect":
            continue
        self.left.set()


@asynccontextmanager
async def serving(app: App) -> AsyncIterator[int]:
    """The product's own server around an app; gives the port."""
    sockets = listen("127.0.0.1", [0])
    server = make_server(app)
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(server.serve(sockets))
        await server.has_started()
        yield sockets[0].getsockname()[1]
        server.should_exit = True


@asynccontextmanager
async def asking(port: int) -> AsyncIterator[socket.socket]:
    """A client with a small buffer that has asked, and reads nothing yet."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.settimeout(0)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, ("127.0.0.1", port))
        await loop.sock_sendall(client, b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        yield client


async def fill(stream: Stream) -> int:
    """Write until the server takes no more; returns how many it took."""
    for number in range(100_000):
        if not stream.write(MESSAGE % number):
            return number
        await asyncio.sleep(0)
    raise AssertionError("the server takes everything")


async def press(stream: Stream, body: bytes, *, last: bool = False) -> None:
    """Write again and again until the server takes it."""
    for _ in range(1_000_000):
        if stream.write(body, last=last):
            return
        await asyncio.sleep(0)
    raise AssertionError("the server takes nothing")


async def read_all(client: socket.socket, until: bytes) -> bytes:
    found: Any = bytearray()
    while not found.endswith(until):
        piece = await asyncio.get_running_loop().sock_recv(client, 65_536)
        assert piece
        found += piece
    return bytes(found)


async def test_a_client_that_lags_gets_every_message_once_and_whole() -> None:
    app = App()
    async with serving(app) as port, asking(port) as client:
        stream = await app.opened.get()
        taken = await fill(stream)
        assert not any(stream.write(MESSAGE % taken) for _ in range(50))
        reading = asyncio.ensure_future(read_all(client, b"\r\n0\r\n\r\n"))
        await press(stream, MESSAGE % taken)
        await press(stream, MESSAGE % (taken + 1), last=True)
        assert stream.stalled_since is None
        body = await reading
        await app.left.wait()
    chunks = re.findall(rb"\r\n([0-9a-f]+)\r\n(\d{8})(\.{4000})\n", body)
    assert [int(number) for _, number, _ in chunks] == list(range(taken + 2))
    assert {int(size, 16) for size, _, _ in chunks} == {len(MESSAGE % 0)}


async def test_a_stream_that_is_cut_off_ends_though_its_client_never_reads() -> None:
    app = App()
    async with serving(app) as port, asking(port) as client:
        stream = await app.opened.get()
        await fill(stream)
        stream.end(b"retry: 3000\n\n")
        await app.left.wait()
        assert stream.is_over
        assert not stream.write(b"more")
        assert client.fileno() >= 0


async def test_catching_up_gives_up_a_client_that_takes_nothing() -> None:
    app = App()
    async with serving(app) as port, asking(port):
        stream = await app.opened.get()
        await fill(stream)
        await stream.put(b"more", patience_seconds=0.05)
        await app.left.wait()
        assert stream.is_over
