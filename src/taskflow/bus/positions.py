"""A sorted set of positions, kept as runs of neighbours: a long backlog takes little room. Pure."""

from bisect import bisect_right


class Positions:
    """Positions that wait, lowest first."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, position: int) -> bool:
        index = bisect_right(self._firsts, position) - 1
        return index >= 0 and position <= self._lasts[index]

    @property
    def runs(self) -> int:
        """How many runs of neighbours there are; they are what takes memory."""
        return len(self._firsts)

    def follows(self, position: int) -> bool:
        """Whether a position comes right after the highest."""
        return bool(self._lasts) and self._lasts[-1] + 1 == position

    def add(self, position: int) -> None:
        """Add a position that is not there."""
        firsts, lasts = self._firsts, self._lasts
        index = bisect_right(firsts, position)
        is_after = index > 0 and lasts[index - 1] + 1 == position
        is_before = index < len(firsts) and firsts[index] == position + 1
        self._count += 1
        if is_after and is_before:
            del firsts[index]
            del lasts[index - 1]
        elif is_after:
            lasts[index - 1] = position
        elif is_before:
            firsts[index] = position
        else:
            firsts.insert(index, position)
            lasts.insert(index, position)

    def take(self, limit: int) -> list[int]:
        """Remove the lowest, up to `limit` of them, and return them in order."""
        taken: list[int] = []
        whole = 0
        for first, last in zip(self._firsts, self._lasts, strict=True):
            end = min(last, first + limit - len(taken) - 1)
            taken.extend(range(first, end + 1))
            if end < last:
                self._firsts[whole] = end + 1
                break
            whole += 1
        del self._firsts[:whole]
        del self._lasts[:whole]
        self._count -= len(taken)
        return taken
