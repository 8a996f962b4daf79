"""The open streams of this process, and the loops that serve them all.

A note is written to a stream without waiting for its client (see `stream.py`), so no stream needs a
task or a timer of its own, and one that lags delays nobody. What every stream needs is done in
slices, so that many of them delay no note.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final, NoReturn, Protocol
from uuid import UUID

from taskflow.accounts.model import Identity
from taskflow.base.clock import monotonic
from taskflow.base.errors import Unavailable
from taskflow.base.settings import Settings
from taskflow.services.notification import frames
from taskflow.services.notification.frames import Note
from taskflow.services.notification.stream import Stream

BUSY_SECONDS: Final = 0.1
TEND_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 2.0
SLICE: Final = 64


class Authority(Protocol):
    """Knows who may still ask."""

    async def next_refresh(self) -> None:
        """Wait until that was looked at again."""
        ...

    async def lapsed(self, identities: Collection[Identity]) -> Collection[Identity]:
        """Those of them who may not."""
        ...


class Backlog(Protocol):
    """What was kept for users."""

    async def positions(self, users: Collection[UUID]) -> dict[UUID, int]:
        """The last number of each user."""
        ...

    async def after(self, user_id: UUID, number: int) -> list[Note]:
        """A user's notes past a number, in order, the first ones where there are many."""
        ...


class Hub:
    """Who listens, and what they are told.

    Args:
        settings: The limits.
        backlog: Knows what was kept, for when nobody told us.
        on_sent: Told once of each note that a stream has taken without waiting for any limit.
    """

    def __init__(
        self,
        settings: Settings,
        backlog: Backlog,
        on_sent: Callable[[Note], None] = lambda _note: None,
    ) -> None:
        self._settings = settings
        self._on_sent = on_sent
        self._backlog = backlog
        self._by_user: defaultdict[UUID, list[Stream]] = defaultdict(list)
        self._last: dict[UUID, int] = {}
        self._held: defaultdict[UUID, dict[int, Note]] = defaultdict(dict)
        self._waiting: set[Stream] = set()
        self._has_waiting = asyncio.Event()
        self._has_streams = asyncio.Event()
        self._must_look = asyncio.Event()
        self._is_stopping = False

    @property
    def streams(self) -> int:
        """How many are open."""
        return sum(len(found) for found in self._by_user.values())

    def open(self, stream: Stream) -> None:
        """Add a stream; the oldest of too many yields to it.

        Raises:
            Unavailable: the process stops.
        """
        if self._is_stopping:
            raise Unavailable("this server stops; come back in a moment")
        mine = self._by_user[stream.user_id]
        mine.append(stream)
        while len(mine) > self._settings.streams_per_user:
            self._end(mine[0], frames.REPLACED)
        self._has_streams.set()

    def begin(self, stream: Stream, position: int) -> None:
        """The stream's user stands at this number; what is at or before it is not sent live."""
        if not stream.is_open:
            return
        stream.begin(position)
        self._last.setdefault(stream.user_id, position)
        self._advance(stream.user_id)

    def go_live(self, stream: Stream) -> None:
        """What came in during the replay goes out now."""
        stream.is_live = True
        self._flush(stream)

    def close(self, stream: Stream) -> None:
        """Forget a stream."""
        stream.is_open = False
        self._waiting.discard(stream)
        mine = self._by_user.get(stream.user_id, [])
        if stream in mine:
            mine.remove(stream)
        if not mine:
            for known in (self._by_user, self._last, self._held):
                known.pop(stream.user_id, None)
        if not self._by_user:
            self._has_streams.clear()

    def listens(self, user_id: UUID) -> bool:
        """Whether a user has a stream here."""
        return user_id in self._by_user

    def look(self) -> None:
        """Something may have happened that nobody could tell us: look for it now."""
        self._must_look.set()

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
        """Serve limits, heartbeats, stalled streams and missed notes until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._serve_waiting(), name="streams that wait")
            group.create_task(self._keep_alive(), name="streams' heartbeats")
            group.create_task(self._look(), name="streams' missed notes")

    async def end_lapsed(self, authority: Authority) -> NoReturn:
        """End the streams of those who may no longer ask, until cancelled."""
        while True:
            await authority.next_refresh()
            open_ones = self._all()
            for start in range(0, len(open_ones), SLICE):
                await asyncio.sleep(0)
                some = open_ones[start : start + SLICE]
                gone = await authority.lapsed({stream.identity for stream in some})
                for stream in some:
                    if stream.is_open and stream.identity in gone:
                        self._end(stream, frames.RENEW)

    async def stop(self) -> None:
        """End every stream, so that clients come back soon."""
        self._is_stopping = True
        for stream in self._all():
            self._end(stream, frames.GOODBYE)

    def _all(self) -> list[Stream]:
        return [one for mine in self._by_user.values() for one in mine]

    def _advance(self, user_id: UUID) -> None:
        """Tell what follows the user's last number; what comes after a gap is held."""
        held = self._held[user_id]
        for number in [number for number in held if number <= self._last[user_id]]:
            del held[number]
        while (following := held.pop(self._last[user_id] + 1, None)) is not None:
            self._last[user_id] += 1
            self._tell(user_id, following)

    def _tell(self, user_id: UUID, note: Note) -> None:
        was_taken = False
        for stream in list(self._by_user[user_id]):
            if stream.tell(note):
                self._flush(stream)
                was_taken = was_taken or (stream.is_live and not stream.waits)
        if was_taken:
            self._on_sent(note)

    def _flush(self, stream: Stream) -> None:
        stream.flush(monotonic())
        if stream.waits and stream.is_open:
            self._waiting.add(stream)
            self._has_waiting.set()
        else:
            self._waiting.discard(stream)

    async def _serve_waiting(self) -> None:
        """Write what had to wait for a limit or a client."""
        while True:
            await self._has_waiting.wait()
            await asyncio.sleep(BUSY_SECONDS)
            for stream in list(self._waiting):
                self._flush(stream)
            if not self._waiting:
                self._has_waiting.clear()

    async def _keep_alive(self) -> None:
        """Heartbeats, and the end of those who take none."""
        while True:
            await self._has_streams.wait()
            await asyncio.sleep(TEND_SECONDS)
            for index, stream in enumerate(self._all()):
                if index % SLICE == 0:
                    await asyncio.sleep(0)
                self._tend(stream, monotonic())
                if stream.is_over:
                    self.close(stream)

    def _tend(self, stream: Stream, now: float) -> None:
        if stream.is_over or not stream.is_live:
            return
        if now - stream.written_at >= self._settings.stream_heartbeat_seconds:
            stream.write(frames.HEARTBEAT)
        stalled = stream.stalled_since
        if stalled is not None and now - stalled >= self._settings.stream_stale_seconds:
            stream.cut()

    def _end(self, stream: Stream, farewell: bytes) -> None:
        self.close(stream)
        stream.end(farewell)

    async def _look(self) -> None:
        """Read what nobody told us of: the table is the truth, a hint may be lost."""
        while True:
            await self._has_streams.wait()
            await asyncio.sleep(BUSY_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._must_look.wait()
            self._must_look.clear()
            try:
                for user_id, position in (await self._backlog.positions(list(self._last))).items():
                    if position > self._last.get(user_id, position):
                        await self._read_missed(user_id)
            except Unavailable:
                continue

    async def _read_missed(self, user_id: UUID) -> None:
        for note in await self._backlog.after(user_id, self._last[user_id]):
            self.publish(user_id, note)
