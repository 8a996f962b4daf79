"""How far the outbox was read, and which positions before that may still become visible. Pure.

Positions are taken from a sequence before their transaction commits, so a higher one may be visible
before a lower one. Such a gap is looked into until every transaction that had begun when it was
seen has ended; then it is filled or nobody's. No clock tells that: a transaction may last for as
long as it likes, and one that is undone costs a single look.

This holds since a writer's transaction has its number before it takes a position (`outbox.tables`).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace


class Gap(Struct, frozen=True):
    """Positions that were not visible although a later one was.

    Attributes:
        first: The first of them.
        last: The last of them.
        seen_at: A transaction's number that is later than any that can fill it, once there is one.
    """

    first: int
    last: int
    seen_at: int | None = None


class Horizon(NamedTuple):
    """Where the numbers of transactions stand.

    Attributes:
        newest: Later than every transaction that has begun.
        oldest: Earlier than every transaction that has not ended.
    """

    newest: int
    oldest: int


class Tail(Struct, frozen=True):
    """What has been read; the highest position and the gaps before it, in their order."""

    position: int = 0
    gaps: tuple[Gap, ...] = ()

    def read(self, positions: Sequence[int], horizon: Horizon | None, *, is_whole: bool) -> "Tail":
        """The tail after a read.

        Args:
            positions: What was found past the position and in the gaps, ascending.
            horizon: As it stood before the read; None will do where there were no gaps.
            is_whole: Whether the read was not cut short.
        """
        newest, oldest = horizon or (None, 0)
        known = [replace(gap, seen_at=gap.seen_at or newest) for gap in self.gaps]
        examined = self.position if is_whole or not positions else positions[-1]
        gaps = [
            rest
            for gap in known
            if not _is_over(gap, examined, oldest)
            for rest in _without(gap, positions)
        ]
        last = max(self.position, positions[-1]) if positions else self.position
        fresh = _without(Gap(self.position + 1, last), positions)
        return Tail(last, (*gaps, *fresh))


def _is_over(gap: Gap, examined: int, oldest: int) -> bool:
    """Whether nobody can fill what the read has not found in a gap."""
    return gap.seen_at is not None and gap.seen_at <= oldest and gap.last <= examined


def _without(gap: Gap, positions: Sequence[int]) -> Iterator[Gap]:
    """What remains of a gap when these positions are taken out."""
    first = gap.first
    for position in positions[bisect_left(positions, first) : bisect_right(positions, gap.last)]:
        if first < position:
            yield replace(gap, first=first, last=position - 1)
        first = position + 1
    if first <= gap.last:
        yield replace(gap, first=first)
