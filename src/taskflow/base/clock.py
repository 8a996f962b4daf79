"""The time: the only place that reads it. Everything else is handed an instant or a clock."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable


@runtime_checkable
class Clock(Protocol):
    """Where the present instant comes from."""

    def now(self) -> datetime:
        """The present instant, aware and in UTC."""
        ...


class SystemClock:
    """The machine's clock; it may jump, so nothing may rely on it being monotonic."""

    def now(self) -> datetime:
        """The present instant, aware and in UTC."""
        return datetime.now(UTC)


monotonic: Callable[[], float] = time.monotonic
"""Seconds that never jump, for measuring how long something took."""


def rfc3339(instant: datetime) -> str:
    """An instant as RFC 3339 in UTC with `Z`, microseconds only where there are any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
