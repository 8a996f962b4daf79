"""What waits for one stream: so many a second, merged per task, never without bound. Pure."""

from typing import Final
from uuid import UUID

from taskflow.services.notification.frames import Note

MOST_WAITING: Final = 1_000


class Outgoing:
    """The unsent notes of a stream.

    Args:
        per_second: How many live notes go out in any second.
    """

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._window = 0.0
        self._sent = 0
        self._waiting: dict[UUID, Note] = {}
        self.has_overflown = False

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, note: Note) -> None:
        """Let a note wait; it takes the place of an older one of the same key, at the end."""
        merged = note.over(self._waiting.pop(note.key, None))
        self._waiting[note.key] = merged
        if len(self._waiting) > MOST_WAITING:
            self._waiting.clear()
            self.has_overflown = True

    def peek(self, now: float) -> Note | None:
        """The next note that may go out now."""
        if now - self._window >= 1.0:
            self._window, self._sent = now, 0
        if not self._waiting or self._sent >= self._per_second:
            return None
        return next(iter(self._waiting.values()))

    def sent(self, note: Note) -> None:
        """The note that was peeked at has gone out."""
        del self._waiting[note.key]
        self._sent += 1
