"""The tail finds every position once, whatever order its transactions commit in."""

from hypothesis import given
from hypothesis import strategies as st

from taskflow.outbox.tail import Gap, Horizon, Tail

# A step is: a writer begins, takes positions, commits or is undone; or the relay reads some.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), st.integers(0, 4)),
        st.tuples(st.just("take"), st.integers(0, 4)),
        st.tuples(st.sampled_from(["commit", "undo"]), st.integers(0, 4)),
        st.tuples(st.just("read"), st.integers(1, 6)),
    ),
    max_size=120,
)


class Outbox:
    """As PostgreSQL does it: numbers, positions and what is visible of them."""

    def __init__(self) -> None:
        self.tail = Tail()
        self.seen: list[int] = []
        self.visible: set[int] = set()
        self._next_number = 1
        self._next_position = 1
        self._open: dict[int, tuple[int, list[int]]] = {}

    def step(self, what: str, which: int) -> None:
        if what == "begin" and which not in self._open:
            self._open[which] = (self._number(), [])
        elif what == "take" and which in self._open:
            self._open[which][1].append(self._next_position)
            self._next_position += 1
        elif what in {"commit", "undo"} and which in self._open:
            _, positions = self._open.pop(which)
            self.visible |= set(positions if what == "commit" else ())
        elif what == "read":
            self.read(which)

    def read(self, limit: int) -> None:
        newest = self._number()
        oldest = min([newest, *(number for number, _ in self._open.values())])
        wanted = [one for one in sorted(self.visible) if self._is_wanted(one)]
        found = wanted[:limit]
        self.tail = self.tail.read(found, Horizon(newest, oldest), is_whole=len(found) < limit)
        self.seen += found

    def settle(self) -> None:
        for which in list(self._open):
            self.step("commit", which)
        for _ in range(len(self.visible) + 2):
            self.read(1)

    def _is_wanted(self, position: int) -> bool:
        tail = self.tail
        return position > tail.position or any(
            gap.first <= position <= gap.last for gap in tail.gaps
        )

    def _number(self) -> int:
        self._next_number += 1
        return self._next_number


@given(STEPS)
def test_no_position_is_missed_or_read_twice_however_late_it_becomes_visible(
    steps: list[tuple[str, int]],
) -> None:
    outbox = Outbox()
    for what, which in steps:
        outbox.step(what, which)
    outbox.settle()
    assert sorted(outbox.seen) == sorted(outbox.visible)
    assert outbox.tail.gaps == ()


def test_what_was_undone_is_forgotten_as_soon_as_nobody_can_fill_it() -> None:
    tail = Tail().read([1_000_000], None, is_whole=True)
    assert tail.gaps == (Gap(1, 999_999),)
    waiting = tail.read([], Horizon(newest=70, oldest=60), is_whole=True)
    assert waiting.gaps == (Gap(1, 999_999, seen_at=70),)
    assert waiting.read([], Horizon(newest=90, oldest=70), is_whole=True).gaps == ()


def test_a_read_that_was_cut_short_settles_nothing_past_its_end() -> None:
    tail = Tail().read([10, 20], Horizon(5, 5), is_whole=True)
    tail = tail.read([3], Horizon(newest=6, oldest=6), is_whole=False)
    assert tail.gaps == (Gap(1, 2, 6), Gap(4, 9, 6), Gap(11, 19, 6))
