"""A set of positions behaves as a plain set does, and keeps neighbours together."""

from hypothesis import given
from hypothesis import strategies as st

from taskflow.bus.positions import Positions

POSITIONS = st.lists(st.integers(1, 60), unique=True)


def filled(positions: list[int]) -> Positions:
    found = Positions()
    for position in positions:
        found.add(position)
    return found


def runs_in(positions: set[int]) -> int:
    return sum(position - 1 not in positions for position in positions)


@given(POSITIONS, st.integers(0, 70))
def test_what_is_taken_is_the_lowest_and_what_is_left_is_the_rest(
    added: list[int], limit: int
) -> None:
    positions = filled(added)
    assert positions.take(limit) == sorted(added)[:limit]
    left = set(sorted(added)[limit:])
    assert [one for one in range(62) if one in positions] == sorted(left)
    assert (len(positions), positions.runs) == (len(left), runs_in(left))


@given(POSITIONS, POSITIONS)
def test_what_was_taken_may_come_back(added: list[int], more: list[int]) -> None:
    positions = filled(added)
    taken = positions.take(len(more))
    for position in taken:
        positions.add(position)
    assert positions.take(100) == sorted(added)
    assert (len(positions), positions.runs) == (0, 0)


def test_a_long_backlog_is_one_run_and_knows_what_follows_it() -> None:
    positions = filled(list(range(5, 1_000)))
    assert positions.runs == 1
    assert positions.follows(1_000)
    assert not positions.follows(1_001)
    assert not Positions().follows(1)
