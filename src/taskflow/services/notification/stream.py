"""One open stream: who writes to it when, and how it ends.

Until it is live the request's own task writes to it (`put`) and waits where the client lags. From
then on the hub alone does (`write`), which waits for nobody. However it ends, the request's task is
told by the server that the client is gone, and nothing is ever written after the end.
"""

import asyncio
from typing import Any, Final

from litestar.types import Send

from taskflow.accounts.model import Identity
from taskflow.base.clock import monotonic
from taskflow.chassis.wire import Wire
from taskflow.services.notification import frames
from taskflow.services.notification.connections import Outgoing
from taskflow.services.notification.frames import Note

# What the server keeps for a client that does not read, and what waits here beside that.
BUFFER_BYTES: Final = 16 * 1024
STALLED_BYTES: Final = 24 * 1024


class Stream:
    """An open stream.

    Args:
        identity: Whose it is, and on what authority.
        send: The ASGI `send`.
        wire: The connection underneath.
        outgoing: What waits for it.
        wants_all: Whether it is told of changes that are not in the list, too.

    Attributes:
        standing: The user's last number when it began; what is up to it is replayed, not live.
        position: The last number that it was told of.
    """

    def __init__(
        self, identity: Identity, send: Send, wire: Wire, outgoing: Outgoing, *, wants_all: bool
    ) -> None:
        self.identity = identity
        self.user_id = identity.user_id
        self.standing = 0
        self.position = 0
        self.is_live = False
        self.is_open = True
        self.written_at = monotonic()
        self.stalled_since: float | None = None
        self._send = send
        self._wire = wire
        self._outgoing = outgoing
        self._wants_all = wants_all
        self._early: list[Note] | None = []
        self._farewell = b""

    @property
    def waits(self) -> bool:
        """Whether something is to be written."""
        return bool(self._outgoing) or self._outgoing.has_overflown

    @property
    def is_over(self) -> bool:
        """Whether nothing may be written any more."""
        return not self.is_open

    def begin(self, position: int) -> None:
        """Its user stands at this number: what is at or before it is not live."""
        self.standing = self.position = position
        early, self._early = self._early or [], None
        for note in early:
            self.tell(note)

    def tell(self, note: Note) -> bool:
        """Let a note wait; False where it is not for this stream."""
        if self._early is not None:
            self._early.append(note)
            return False
        if note.id is None:
            if not self._wants_all:
                return False
        elif note.id <= self.position:
            return False
        else:
            self.position = note.id
        self._outgoing.add(note)
        return True

    def flush(self, now: float) -> None:
        """Write what may go out now."""
        if not self.is_live:
            return
        if self._outgoing.has_overflown and self.write(frames.resync(self.position)):
            self._outgoing.fetched_afresh()
        while (note := self._outgoing.peek(now)) is not None and self.write(note.frame()):
            self._outgoing.sent(note, now)
        if self.stalled_since is not None:
            self._outgoing.bound(STALLED_BYTES)

    async def put(self, body: bytes, patience_seconds: float, *, last: bool = False) -> None:
        """Write, and wait while the client lags; one that takes nothing for so long is cut off."""
        try:
            async with asyncio.timeout(patience_seconds):
                await self._send(_message(body, last=last))
        except TimeoutError:
            self.cut()

    def write(self, body: bytes, *, last: bool = False) -> bool:
        """Hand bytes to the server if it takes them without waiting, else hand over nothing.

        The ASGI `send` is stepped once by hand: the server either takes the whole message in that
        step, or has taken nothing of it and waits for the client; then the step is undone.
        """
        if self._wire.is_closing:
            self.is_open = False
            return False
        step: Any = self._send(_message(body, last=last))
        try:
            step.send(None)
        except StopIteration:
            self.written_at, self.stalled_since = monotonic(), None
            return True
        step.close()
        self.stalled_since = self.stalled_since or monotonic()
        return False

    def end(self, farewell: bytes) -> None:
        """End it with a last frame; where the client does not take that, cut it off."""
        self.is_open = False
        self._farewell = farewell
        if self.is_live and not self.write(farewell, last=True):
            self.cut()

    async def take_leave(self, patience_seconds: float) -> None:
        """Write the last frame of a stream that was ended before it was live."""
        if not self._wire.is_closing:
            await self.put(self._farewell, patience_seconds, last=True)

    def cut(self) -> None:
        """Cut the connection now."""
        self.is_open = False
        self._wire.abort()


def _message(body: bytes, *, last: bool) -> Any:
    return {"type": "http.response.body", "body": body, "more_body": not last}
