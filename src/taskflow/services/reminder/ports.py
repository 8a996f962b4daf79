"""What the reminder service asks of a schedule.

A schedule is an index of the table, which alone is true: it may forget everything at any moment and
is then filled again from the table, and whatever it says is claimed in the table, so that two
workers never fire the same reminder. All it can get wrong is the moment of waking, and who looks at
what.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable
from uuid import UUID

Times = Mapping[UUID, datetime]
"""When reminders are due."""


class Claim(NamedTuple):
    """Reminders that are this worker's for a while; the table knows whether they are due.

    Attributes:
        mark: What tells this claim from a later one.
    """

    ids: Sequence[UUID]
    mark: str


@runtime_checkable
class Schedule(Protocol):
    """Knows when the next reminder is due, and wakes whoever fires it."""

    @property
    def next(self) -> datetime | None:
        """The earliest time that is known here; None when nothing is."""
        ...

    def plan(self, times: Times) -> None:
        """These are pending; called after the commit, so it never waits.

        A time that was wrong when it is told may only be too early: what is claimed too early is
        found to be later in the table, what is claimed too late has missed its time.
        """
        ...

    def forget(self) -> None:
        """Begin afresh; called before the table is read, so that no later `plan` is lost."""
        ...

    async def claim(self, now: datetime, limit: int) -> Claim | None:
        """Take some of what is due; None where only the table can tell."""
        ...

    async def settle(self, claim: Claim, pending: Times) -> None:
        """The table was asked about what was claimed.

        Args:
            claim: What `claim` gave.
            pending: What of it is pending still, and for when.
        """
        ...

    async def wait(self, patience_seconds: float) -> None:
        """Return when the earliest time has come, also where the clock jumps to it.

        Args:
            patience_seconds: Return after so long whatever is known, for the table to be read
                again: another process may have planned something and ended.
        """
        ...
