"""Lanes keep the order of a key, whatever fails and rests in between."""

from hypothesis import given
from hypothesis import strategies as st

from taskflow.bus.lanes import Lanes
from taskflow.bus.message import Message

STEPS = st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(1, 4)), max_size=60)


def message(position: int, key: str) -> Message:
    return Message(position, "topic", key, b"")


@given(STEPS)
def test_every_message_is_handled_once_and_in_its_keys_order(
    steps: list[tuple[str, bool, int]],
) -> None:
    lanes = Lanes(capacity=1_000)
    handled: list[Message] = []
    now = 0.0
    for position, (key, fails, limit) in enumerate(steps):
        lanes.add(message(position, key))
        now += 1
        lanes.wake(now)
        _handle(lanes, limit, handled, now + 5 if fails else None)
    while len(lanes):
        now += 10
        lanes.wake(now)
        _handle(lanes, 100, handled, None)
    assert sorted(one.position for one in handled) == list(range(len(steps)))
    for key in "abc":
        positions = [one.position for one in handled if one.key == key]
        assert positions == sorted(positions)
    assert lanes.takeable == 0


def _handle(lanes: Lanes, limit: int, handled: list[Message], rest_until: float | None) -> None:
    batch = lanes.take(limit)
    for key in dict.fromkeys(one.key for one in batch):
        if rest_until is not None:
            lanes.rest(key, rest_until)
            continue
        for one in batch:
            if one.key == key:
                handled.append(one)
                lanes.drop(key)
        lanes.release(key)


def test_a_busy_key_gives_nothing_more_until_it_is_released() -> None:
    lanes = Lanes(capacity=10)
    lanes.add(message(1, "a"))
    assert [one.position for one in lanes.take(1)] == [1]
    lanes.add(message(2, "a"))
    assert lanes.take(5) == []
    lanes.drop("a")
    lanes.release("a")
    assert [one.position for one in lanes.take(5)] == [2]
