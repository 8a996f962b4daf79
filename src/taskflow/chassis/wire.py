"""The connection under a request, for an answer that lasts.

ASGI has no way to cut a connection, or to bound what a server keeps for a client that does not
read. The runner's server hands it on as an extension of the scope.
"""

import asyncio
import socket
from typing import Any, Final

from litestar.types import Scope

WIRE: Final = "taskflow.wire"


class Wire:
    """A connection to a client.

    Args:
        transport: The server's; None where a server hands none on, and nothing can be done then.
    """

    __slots__ = ("_transport",)

    def __init__(self, transport: asyncio.Transport | None) -> None:
        self._transport = transport

    @property
    def is_closing(self) -> bool:
        """Whether nothing can be written any more."""
        return self._transport is not None and self._transport.is_closing()

    def abort(self) -> None:
        """Cut it now; what was not sent is thrown away."""
        if self._transport is not None:
            self._transport.abort()

    def limit(self, buffer_bytes: int, stale_seconds: float) -> None:
        """Keep at most so much for a client that does not read, and give up one that is gone.

        Where the kernel can (TCP_USER_TIMEOUT, RFC 5482), it cuts a connection whose other end has
        confirmed nothing for so long: a computer that was unplugged says no goodbye.
        """
        if self._transport is None:
            return
        self._transport.set_write_buffer_limits(high=buffer_bytes)
        under = self._transport.get_extra_info("socket")
        option = getattr(socket, "TCP_USER_TIMEOUT", None)
        if under is not None and option is not None:
            under.setsockopt(socket.IPPROTO_TCP, option, int(stale_seconds * 1000))


def wire_of(scope: Scope) -> Wire:
    """The connection that a request came by."""
    found: Any = (scope.get("extensions") or {}).get(WIRE)
    return found if isinstance(found, Wire) else Wire(None)
