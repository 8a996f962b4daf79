"""The earliest of the pending reminders, as many as fit. Pure: time is an argument.

A heap holds what is due before an edge; what lies at the edge or beyond stays in the table, which
is read again when the edge comes near. So memory and the cost of a reading are bounded by count,
whatever is pending.

- All that is pending before `edge` and that it was told of is held, claimed ones included.
- What is claimed is handed out again once its lease has ended, or when it is settled as pending.
- What is told while it is claimed, or while the table is being read, is not lost.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final, NamedTuple
from uuid import UUID

from taskflow.services.reminder.ports import Claim, Times

MOST: Final = 10_000
WINDOW: Final = timedelta(hours=1)
LEASE: Final = timedelta(seconds=5)
# When what somebody else holds just now is looked at again.
AGAIN: Final = timedelta(seconds=0.05)
UNREAD: Final = datetime.min.replace(tzinfo=UTC)


class _Lease(NamedTuple):
    """What one claim holds, and until when."""

    until: datetime
    ids: Sequence[UUID]


class Horizon:
    """What is due soon.

    Args:
        most: So many are held at most; at least four.
        window: So far ahead the table is read at most.

    Attributes:
        edge: All that is pending before it is held.
        page: So many the table is read for: some room stays for what is planned meanwhile.
    """

    def __init__(self, most: int = MOST, window: timedelta = WINDOW) -> None:
        self.page = most * 3 // 4
        self._most = most
        self._window = window
        self._marks = count(1)
        self.forget()

    def __len__(self) -> int:
        """How many are held."""
        return len(self._times) + len(self._claimed)

    def forget(self) -> None:
        """Hold nothing, and keep whatever is told until the table has been read."""
        self.edge = UNREAD
        self._is_open = True
        self._cut: datetime | None = None
        self._times: dict[UUID, datetime] = {}
        self._heap: list[tuple[datetime, UUID]] = []
        self._leases: dict[str, _Lease] = {}
        # For when each was planned while it is claimed.
        self._claimed: dict[UUID, datetime | None] = {}

    @property
    def next(self) -> datetime | None:
        """When something is to be handed out next; None when nothing is held."""
        first, ends = self._first(), [lease.until for lease in self._leases.values()]
        return min(ends if first is None else [first, *ends], default=None)

    def _first(self) -> datetime | None:
        """When the earliest is due that nobody has claimed."""
        heap, times = self._heap, self._times
        while heap and times.get(heap[0][1]) != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    @property
    def wake(self) -> datetime | None:
        """When somebody is to ask: something is due, or the table is to be read."""
        if self._is_open:
            return self.next
        renew_at = self.edge - (self._window / 2 if self._is_thin else timedelta())
        return min(renew_at, self.next or renew_at)

    def is_short(self, now: datetime) -> bool:
        """Whether the table is to be read: the edge is near, and little is left before it."""
        return now >= self.edge or (self._is_thin and now >= self.edge - self._window / 2)

    @property
    def _is_thin(self) -> bool:
        return len(self) <= self._most // 2

    def open(self, now: datetime) -> datetime:
        """The table is about to be read: keep all that is told; returns how far to read."""
        self._is_open = True
        self._cut = None
        return now + self._window

    def close(self, edge: datetime) -> None:
        """All that is pending before an instant was read, and told with `read`."""
        self._is_open = False
        self.edge = edge if self._cut is None else min(edge, self._cut)

    def read(self, times: Times) -> None:
        """The table says so; of what is claimed it is asked when that is settled."""
        for name, at in times.items():
            if name not in self._claimed:
                self._keep(name, at)
        self._trim()

    def plan(self, times: Times) -> None:
        """Somebody planned these; a time may only be lowered."""
        for name, at in times.items():
            if name in self._claimed:
                self._claimed[name] = min(at, self._claimed[name] or at)
            elif self._is_open or at < self.edge:
                self._keep(name, at)
        self._trim()

    def take(self, now: datetime, limit: int) -> Claim:
        """Claim what is due, the earliest first."""
        self._take_back(now)
        due: list[UUID] = []
        while len(due) < limit and (first := self._first()) is not None and first <= now:
            due.append(name := heappop(self._heap)[1])
            del self._times[name]
        claim = Claim(due, str(next(self._marks)))
        if due:
            self._leases[claim.mark] = _Lease(now + LEASE, due)
            self._claimed.update(dict.fromkeys(due))
        return claim

    def _take_back(self, now: datetime) -> None:
        """What was claimed for too long is due again; the table knows what was planned since."""
        for mark in [mark for mark, lease in self._leases.items() if lease.until <= now]:
            until, names = self._leases.pop(mark)
            for name in names:
                del self._claimed[name]
                self._keep(name, until)

    def settle(self, claim: Claim, pending: Times, now: datetime) -> None:
        """The table was asked about what was claimed, unless that has been taken back."""
        if self._leases.pop(claim.mark, None) is None:
            return
        told = {}
        for name in claim.ids:
            planned = self._claimed.pop(name)
            if name in pending:
                told[name] = max(pending[name], now + AGAIN)
            if planned is not None:
                told[name] = min(planned, told.get(name, planned))
        self.plan(told)

    def _keep(self, name: UUID, at: datetime) -> None:
        known = self._times.get(name)
        if known is None or at < known:
            self._times[name] = at
            heappush(self._heap, (at, name))

    def _trim(self) -> None:
        """Leave what is latest to the table where there is too much; clear away what has gone."""
        if len(self) > self._most:
            waiting = sorted((at, name) for name, at in self._times.items())
            spare = max(self.page - len(self._claimed), 0)
            self._drop(waiting[spare:])
        if len(self._heap) > 2 * self._most:
            self._heap = [(at, name) for name, at in self._times.items()]
            heapify(self._heap)

    def _drop(self, latest: Collection[tuple[datetime, UUID]]) -> None:
        for _, name in latest:
            del self._times[name]
        first = min(at for at, _ in latest)
        self._cut = first if self._cut is None else min(first, self._cut)
        self.edge = min(self.edge, first)
