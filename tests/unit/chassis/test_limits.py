"""A token bucket lets through what it promises and nothing more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskflow.base.errors import TooMany
from taskflow.chassis.limits import RateLimiter


@given(st.lists(st.floats(0, 5), max_size=200))
def test_never_more_than_the_burst_and_what_has_come_back(waits: list[float]) -> None:
    limiter, now, taken = RateLimiter(per_second=2, burst=5), 0.0, 0
    for wait in waits:
        now += wait
        try:
            limiter.spend("a", now)
        except TooMany:
            continue
        taken += 1
    assert taken <= 5 + 2 * now + 1e-6


def test_callers_do_not_share_a_bucket_and_are_told_when_to_return() -> None:
    limiter = RateLimiter(per_second=0.5, burst=1)
    limiter.spend("a", 0.0)
    limiter.spend("b", 0.0)
    with pytest.raises(TooMany) as caught:
        limiter.spend("a", 0.0)
    limiter.spend("a", float(caught.value.retry_after_seconds))
