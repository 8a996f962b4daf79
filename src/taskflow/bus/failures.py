"""What failed, and how often: by that a service gives an event up. Pure."""

from collections import OrderedDict
from collections.abc import Iterable


class Failures:
    """Counts failures by event, and knows which events are to be tried by themselves.

    Args:
        remembered: How many events are kept in mind; then the oldest is forgotten.
    """

    def __init__(self, remembered: int) -> None:
        self._remembered = remembered
        self._counts: OrderedDict[str, int] = OrderedDict()

    def count(self, event_id: str) -> int:
        """Count a failure; returns how many there were."""
        failures = self._counts.pop(event_id, 0) + 1
        self._keep(event_id, failures)
        return failures

    def suspect(self, event_ids: Iterable[str]) -> None:
        """One of these failed, and nobody knows which: none is blamed yet."""
        for event_id in event_ids:
            self._keep(event_id, self._counts.pop(event_id, 0))

    def is_suspect(self, event_id: str) -> bool:
        """Whether it is to be tried by itself."""
        return event_id in self._counts

    def forget(self, event_id: str) -> None:
        """It is done, or set aside."""
        self._counts.pop(event_id, None)

    def _keep(self, event_id: str, failures: int) -> None:
        self._counts[event_id] = failures
        if len(self._counts) > self._remembered:
            self._counts.popitem(last=False)
