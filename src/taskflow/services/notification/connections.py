"""What waits for one stream: so many in any second, merged per task, never without bound. Pure."""

from typing import Final

from taskflow.services.notification.frames import Key, Note

MOST_WAITING: Final = 1_000
WINDOW_SECONDS: Final = 1.0


class Tally:
    """What became of notes, over all streams.

    Attributes:
        merged: Notes that a newer one of the same task took the place of.
        resyncs: Clients that were told to fetch afresh.
    """

    __slots__ = ("merged", "resyncs")

    def __init__(self) -> None:
        self.merged = 0
        self.resyncs = 0


class Outgoing:
    """The unsent notes of a stream.

    Beyond a bound they are all forgotten, and the client has to fetch afresh (`has_overflown`)
    before it is told anything else.

    Args:
        per_second: How many live notes go out in any second, wherever that second begins.
        tally: Counts over all streams.
    """

    __slots__ = ("_per_second", "_sent_at", "_tally", "_waiting", "_weight", "has_overflown")

    def __init__(self, per_second: int, tally: Tally | None = None) -> None:
        self._tally = tally or Tally()
        self._per_second = per_second
        self._sent_at: list[float] = []
        self._waiting: dict[Key, Note] = {}
        self._weight = 0
        self.has_overflown = False

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, note: Note) -> None:
        """Let a note wait; it takes the place of an older one of the same key, at the end."""
        if self.has_overflown:
            return
        older = self._waiting.pop(note.key, None)
        self._tally.merged += older is not None
        self._waiting[note.key] = note.over(older)
        self._weight += note.weight - (older.weight if older else 0)
        if len(self._waiting) > MOST_WAITING:
            self._overflow()

    def bound(self, most_bytes: int) -> None:
        """Keep no more than so much, since the client does not read."""
        if self._weight > most_bytes:
            self._overflow()

    def peek(self, now: float) -> Note | None:
        """The next note that may go out now."""
        if not self._waiting:
            return None
        while self._sent_at and now - self._sent_at[0] >= WINDOW_SECONDS:
            del self._sent_at[0]
        if len(self._sent_at) >= self._per_second:
            return None
        return next(iter(self._waiting.values()))

    def sent(self, note: Note, now: float) -> None:
        """The note that was peeked at has gone out."""
        del self._waiting[note.key]
        self._weight -= note.weight
        self._sent_at.append(now)

    def fetched_afresh(self) -> None:
        """The client knows that it has to, and is told what comes from now on."""
        self.has_overflown = False

    def _overflow(self) -> None:
        self._waiting.clear()
        self._weight = 0
        self._tally.resyncs += not self.has_overflown
        self.has_overflown = True
