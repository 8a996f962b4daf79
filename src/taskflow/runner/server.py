"""Serves several apps in one event loop, each on its own port, with one uvicorn server."""

import asyncio
import errno
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import uvicorn
from litestar.types import ASGIApp, Receive, Scope, Send

from taskflow.base.errors import Conflict
from taskflow.runner.protocol import Protocol

BACKLOG: Final = 2048
KEEP_ALIVE_SECONDS: Final = 65
GRACE_SECONDS: Final = 5


class Doors:
    """Sends a request to the app of the port that it came in by."""

    def __init__(self, apps: Mapping[int, ASGIApp]) -> None:
        self._apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        server = scope["server"]
        await self._apps[server[1] if server and server[1] else 0](scope, receive, send)


class Gateway:
    """Serves all services at one origin: the longest prefix decides, the rest is the first one's.

    Args:
        main: Serves what nobody else claims.
        by_prefix: Whose paths begin with what.
    """

    def __init__(self, main: ASGIApp, by_prefix: Mapping[str, ASGIApp]) -> None:
        self._main = main
        self._by_prefix = dict(sorted(by_prefix.items(), key=lambda one: -len(one[0])))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope["path"]
        for prefix, app in self._by_prefix.items():
            if path == prefix or path.startswith(f"{prefix}/"):
                await app(scope, receive, send)
                return
        await self._main(scope, receive, send)


class Server(uvicorn.Server):
    """uvicorn under our own signals."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self._is_up.set()

    async def has_started(self) -> None:
        """Wait until requests are served."""
        await self._is_up.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the runner."""
        yield


def make_server(app: ASGIApp) -> Server:
    """A server that has yet to be given its sockets."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # Whom to believe about the client is decided by TASKFLOW_TRUSTED_PROXIES alone.
        proxy_headers=False,
        http=Protocol,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return Server(config)


def listen(host: str, ports: Sequence[int]) -> list[socket.socket]:
    """A listening socket for each port.

    Raises:
        Conflict: a port is in use, or the address is not ours.
    """
    sockets: list[socket.socket] = []
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in ports:
        one = socket.socket(family, socket.SOCK_STREAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sockets.append(one)
        try:
            one.bind((host, port))
            one.listen(BACKLOG)
        except OSError as error:
            for opened in sockets:
                opened.close()
            reason = f"cannot listen on {host}:{port}: {error.strerror}"
            raise Conflict(f"{reason}; {_advice(error)}") from error
        one.setblocking(False)  # noqa: FBT003 - socket takes it so
    return sockets


def _advice(error: OSError) -> str:
    """What to do about a place that cannot be listened on."""
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return "set TASKFLOW_HOST to an address of this machine, such as 127.0.0.1"
    if isinstance(error, PermissionError):
        return "ports below 1024 are root's; set TASKFLOW_PORT_BASE to a greater one"
    return "stop what uses it, or set TASKFLOW_PORT_BASE to the first of five free ones"
