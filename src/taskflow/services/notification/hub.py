"""The open streams of this process, and the one loop that serves them all.

A note is written to a stream by stepping its ASGI `send` once: the server takes the bytes without
waiting unless the client lags, and then nothing has been taken and the note stays where it is. So
no stream needs a task or a timer of its own, and one that lags delays nobody.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from litestar.types import Send

from taskflow.base.clock import monotonic
from taskflow.base.errors import Unavailable
from taskflow.base.settings import Settings
from taskflow.services.notification import frames
from taskflow.services.notification.connections import Outgoing
from taskflow.services.notification.frames import Note

BUSY_SECONDS: Final = 0.1
IDLE_SECONDS: Final = 1.0
ReadAfter = Callable[[UUID, int], Awaitable[list[Note]]]


class Connection:
    """One open stream."""

    def __init__(self, user_id: UUID, send: Send, outgoing: Outgoing, *, wants_all: bool) -> None:
        self.user_id = user_id
        self.outgoing = outgoing
        self.wants_all = wants_all
        self.position = 0
        self.is_replaying = True
        self.is_open = True
        self.written_at = monotonic()
        self.stalled_since: float | None = None
        self.task = asyncio.current_task()
        self._send = send

    def write(self, body: bytes, *, last: bool = False) -> bool:
        """Hand bytes to the server if it takes them without waiting."""
        message: Any = {"type": "http.response.body", "body": body, "more_body": not last}
        step: Any = self._send(message)
        try:
            step.send(None)
        except StopIteration:
            self.written_at, self.stalled_since = monotonic(), None
            return True
        except OSError:
            self.is_open = False
            return False
        step.close()
        self.stalled_since = self.stalled_since or monotonic()
        return False

    def flush(self, now: float) -> None:
        """Write what may go out now."""
        if self.outgoing.has_overflown and self.write(frames.resync(self.position)):
            self.outgoing.has_overflown = False
        while (note := self.outgoing.peek(now)) is not None and self.write(note.frame()):
            self.outgoing.sent(note)


class Hub:
    """Who listens, and what they are told.

    Args:
        settings: The limits.
        read_after: Reads a user's notes past a number, for when one was missed.
    """

    def __init__(self, settings: Settings, read_after: ReadAfter) -> None:
        self._settings = settings
        self._read_after = read_after
        self._by_user: defaultdict[UUID, list[Connection]] = defaultdict(list)
        self._last: dict[UUID, int] = {}
        self._held: defaultdict[UUID, dict[int, Note]] = defaultdict(dict)
        self._work = asyncio.Event()

    @property
    def streams(self) -> int:
        """How many are open."""
        return sum(len(found) for found in self._by_user.values())

    def open(self, user_id: UUID, send: Send, *, wants_all: bool) -> Connection:
        """Add a stream; the oldest of too many yields to it."""
        outgoing = Outgoing(self._settings.stream_per_second)
        connection = Connection(user_id, send, outgoing, wants_all=wants_all)
        mine = self._by_user[user_id]
        mine.append(connection)
        while len(mine) > self._settings.streams_per_user:
            self._end(mine[0], frames.REPLACED)
        self._work.set()
        return connection

    def begin(self, connection: Connection, position: int) -> None:
        """The stream's user stands at this number; what is at or before it is not sent live."""
        connection.position = position
        self._last.setdefault(connection.user_id, position)
        self._advance(connection.user_id)

    def go_live(self, connection: Connection) -> None:
        """What came in during the replay goes out now."""
        connection.is_replaying = False
        connection.flush(monotonic())

    def close(self, connection: Connection) -> None:
        """Forget a stream."""
        connection.is_open = False
        mine = self._by_user.get(connection.user_id, [])
        if connection in mine:
            mine.remove(connection)
        if not mine:
            self._by_user.pop(connection.user_id, None)
            self._last.pop(connection.user_id, None)
            self._held.pop(connection.user_id, None)

    def publish(self, user_id: UUID, note: Note) -> None:
        """Tell a user's streams of a note, in the order of the numbers."""
        if user_id not in self._by_user:
            return
        if note.id is None:
            self._tell(user_id, note)
            return
        self._held[user_id][note.id] = note
        # While the first stream opens nobody stands anywhere yet: the note waits for `begin`.
        if user_id in self._last:
            self._advance(user_id)

    async def run(self) -> None:
        """Serve heartbeats, limits and stalled streams until cancelled."""
        while True:
            if not self._by_user:
                self._work.clear()
                await self._work.wait()
            await asyncio.sleep(BUSY_SECONDS if self._is_busy() else IDLE_SECONDS)
            await self._fill_gaps()
            now = monotonic()
            for connection in self._all():
                self._tend(connection, now)

    async def stop(self) -> None:
        """End every stream, so that clients come back soon."""
        for connection in self._all():
            self._end(connection, frames.GOODBYE)

    def _all(self) -> list[Connection]:
        return [one for mine in self._by_user.values() for one in mine]

    def _advance(self, user_id: UUID) -> None:
        """Tell what follows the user's last number; what comes after a gap is held."""
        held = self._held[user_id]
        for number in [number for number in held if number <= self._last[user_id]]:
            del held[number]
        while (following := held.pop(self._last[user_id] + 1, None)) is not None:
            self._last[user_id] += 1
            self._tell(user_id, following)

    def _is_busy(self) -> bool:
        return any(self._held.values()) or any(len(one.outgoing) for one in self._all())

    def _tell(self, user_id: UUID, note: Note) -> None:
        body: bytes | None = None
        now = monotonic()
        for one in list(self._by_user[user_id]):
            if note.id is None and not one.wants_all:
                continue
            if note.id is not None:
                if note.id <= one.position:
                    continue
                one.position = note.id
            one.outgoing.add(note)
            waits = one.is_replaying or len(one.outgoing) > 1 or one.outgoing.peek(now) is not note
            if waits:
                self._work.set()
                continue
            body = body or note.frame()
            if one.write(body):
                one.outgoing.sent(note)

    def _tend(self, connection: Connection, now: float) -> None:
        if not connection.is_open:
            self.close(connection)
            return
        if connection.is_replaying:
            return
        connection.flush(now)
        if now - connection.written_at >= self._settings.stream_heartbeat_seconds:
            connection.write(frames.HEARTBEAT)
        stalled = connection.stalled_since
        if stalled is not None and now - stalled >= self._settings.stream_stale_seconds:
            self.close(connection)
            if connection.task is not None:
                connection.task.cancel()

    def _end(self, connection: Connection, farewell: bytes) -> None:
        self.close(connection)
        if not connection.write(farewell, last=True) and connection.task is not None:
            connection.task.cancel()

    async def _fill_gaps(self) -> None:
        """Read what a lost hint would have told."""
        waiting = [user_id for user_id, held in self._held.items() if held]
        for user_id in [user_id for user_id in waiting if user_id in self._last]:
            try:
                missing = await self._read_after(user_id, self._last[user_id])
            except Unavailable:
                return
            for note in missing:
                self.publish(user_id, note)
