"""One consumer's waiting messages, a lane for each key: in order, and blocking no other.

A lane is ready, busy (its head is being handled) or resting (until a retry). Pure: time is an
argument.
"""

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice

from taskflow.bus.message import Message


@dataclass
class _Lane:
    waiting: deque[Message] = field(default_factory=deque)
    attempts: int = 0
    is_ready: bool = False


class Lanes:
    """Waiting messages by key, never more than `capacity` of them."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._lanes: dict[str, _Lane] = {}
        self._ready: deque[str] = deque()
        self._resting: list[tuple[float, str]] = []
        self._count = 0
        self._takeable = 0

    def __len__(self) -> int:
        return self._count

    @property
    def room(self) -> int:
        """How many more messages fit."""
        return self.capacity - self._count

    @property
    def takeable(self) -> int:
        """How many messages stand in ready lanes."""
        return self._takeable

    def add(self, message: Message) -> None:
        """Append to the lane of the message's key; the caller has seen that there is room."""
        lane = self._lanes.get(message.key)
        if lane is None:
            lane = self._lanes[message.key] = _Lane()
            self._make_ready(message.key)
        lane.waiting.append(message)
        self._count += 1
        self._takeable += lane.is_ready

    def take(self, limit: int) -> list[Message]:
        """Up to `limit` messages from ready lanes, in order; those lanes are busy now."""
        batch: list[Message] = []
        while self._ready and len(batch) < limit:
            lane = self._lanes[self._ready.popleft()]
            lane.is_ready = False
            self._takeable -= len(lane.waiting)
            batch.extend(islice(lane.waiting, limit - len(batch)))
        return batch

    def drop(self, key: str, *, is_done: bool = True) -> None:
        """The head of a busy lane is settled.

        Where it was set aside, its failures go on counting: a lane in which nothing works is
        emptied quickly, and one success gives it its patience back.
        """
        lane = self._lanes[key]
        lane.waiting.popleft()
        lane.attempts *= not is_done
        self._count -= 1

    def release(self, key: str) -> None:
        """A busy lane is ready again, or gone when it is empty."""
        if self._lanes[key].waiting:
            self._make_ready(key)
        else:
            del self._lanes[key]

    def rest(self, key: str, until: float) -> None:
        """A busy lane's head could not be handled: the lane rests until then."""
        heapq.heappush(self._resting, (until, key))

    def failed(self, key: str) -> int:
        """Count a failure of a busy lane; returns how many there were since the last success."""
        lane = self._lanes[key]
        lane.attempts += 1
        return lane.attempts

    def wake(self, now: float) -> float | None:
        """Make rested lanes ready; returns when the next one is, if any rests."""
        while self._resting and self._resting[0][0] <= now:
            self._make_ready(heapq.heappop(self._resting)[1])
        return self._resting[0][0] if self._resting else None

    def _make_ready(self, key: str) -> None:
        lane = self._lanes[key]
        lane.is_ready = True
        self._ready.append(key)
        self._takeable += len(lane.waiting)


def by_key(messages: Sequence[Message]) -> list[list[Message]]:
    """A batch as runs of one key, as `Lanes.take` returned them."""
    return [list(run) for _, run in groupby(messages, key=lambda message: message.key)]
