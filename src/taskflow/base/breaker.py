"""A circuit breaker: stop calling what keeps failing, and try it again after a rest. Pure.

Closed lets every call through. After so many failures in a row it opens: calls are refused without
being made. After a rest one call is let through (half-open); its result closes or opens it again.
A result that never comes keeps it from trying again for no longer than a rest.
Time comes in as an argument, in seconds of a clock that never jumps.
"""

from typing import Final, Literal

State = Literal["closed", "open", "half-open"]
STATES: Final[tuple[State, ...]] = ("closed", "half-open", "open")


class Breaker:
    """The state of calls to one dependency.

    Args:
        failures: How many failures in a row open it.
        rest_seconds: How long it then refuses calls.
    """

    def __init__(self, failures: int = 5, rest_seconds: float = 2.0) -> None:
        self._limit = failures
        self._rest_seconds = rest_seconds
        self._failures = 0
        self._opened_at: float | None = None
        self._probing_since: float | None = None

    def state(self, now: float) -> State:
        """What a call would meet."""
        if self._opened_at is None:
            return "closed"
        return "open" if self.rest(now) > 0 else "half-open"

    def rest(self, now: float) -> float:
        """Seconds until a call may be tried."""
        if self._opened_at is None:
            return 0.0
        return max(self._opened_at + self._rest_seconds - now, 0.0)

    def admit(self, now: float) -> bool:
        """Whether a call may be made now; one that may must be told of by a result."""
        if self._opened_at is None:
            return True
        if self.rest(now) > 0 or self._awaits_a_probe(now):
            return False
        self._probing_since = now
        return True

    def succeed(self) -> None:
        """A call was answered: all is well."""
        self._failures, self._opened_at, self._probing_since = 0, None, None

    def fail(self, now: float) -> None:
        """A call failed; a failed probe opens it for another rest."""
        self._failures += 1
        if self._failures >= self._limit:
            self._opened_at = now
        self._probing_since = None

    def abandon(self) -> None:
        """A call was given up before it had a result, which says nothing."""
        self._probing_since = None

    def _awaits_a_probe(self, now: float) -> bool:
        """Whether the one call that was let through may still have a result."""
        since = self._probing_since
        return since is not None and now - since < self._rest_seconds
