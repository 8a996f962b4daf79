"""The relay's tail finds every position, in whatever order they become visible."""

from hypothesis import given
from hypothesis import strategies as st

from taskflow.outbox.relay import FIRST_GAPS, Tail


@given(st.permutations(range(1, 40)), st.integers(1, 10))
def test_no_position_is_missed_however_late_it_becomes_visible(
    order: list[int], batch: int
) -> None:
    tail, visible, seen = Tail(), set[int](), list[int]()
    for start in range(0, len(order), batch):
        visible |= set(order[start : start + batch])
        gaps = set(tail.gaps)
        found = sorted(one for one in visible if one > tail.position or one in gaps)
        tail.read(found, now=float(start))
        seen += found
    assert sorted(seen) == sorted(order)


def test_a_fresh_tail_looks_a_bounded_way_back() -> None:
    tail = Tail()
    tail.read([1_000_000], now=0.0)
    assert len(tail.gaps) == FIRST_GAPS
