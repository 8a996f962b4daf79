"""How much a caller may do: token buckets, pure, with the time as an argument."""

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil

from taskflow.base.errors import TooMany


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimiter:
    """A token bucket for each caller; the longest unseen are forgotten beyond `capacity` callers.

    Args:
        per_second: Tokens that come back each second.
        burst: Tokens that a bucket holds.
        capacity: Callers that are remembered.
    """

    def __init__(self, per_second: float, burst: int, capacity: int = 50_000) -> None:
        self._per_second = per_second
        self._burst = burst
        self._capacity = capacity
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def spend(self, caller: str, now: float) -> None:
        """Take a token at a monotonic time.

        Raises:
            TooMany: there is none; carries the seconds until there is.
        """
        bucket = self._buckets.get(caller)
        if bucket is None:
            bucket = self._buckets[caller] = _Bucket(self._burst, now)
            if len(self._buckets) > self._capacity:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(caller)
        earned = max(now - bucket.at, 0) * self._per_second
        bucket.tokens = min(self._burst, bucket.tokens + earned)
        bucket.at = now
        if bucket.tokens < 1:
            seconds = ceil((1 - bucket.tokens) / self._per_second)
            raise TooMany(f"too many requests; try again in {seconds} s", seconds)
        bucket.tokens -= 1

    def give_back(self, caller: str) -> None:
        """Put a token back that was taken for nothing."""
        if bucket := self._buckets.get(caller):
            bucket.tokens = min(self._burst, bucket.tokens + 1)
