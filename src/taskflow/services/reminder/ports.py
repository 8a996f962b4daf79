"""What the reminder service asks of a schedule.

A schedule is an index of the table, which alone is true: it may forget everything at any moment and
is then filled again from the table, and whatever it says is claimed in the table, so that two
workers never fire the same reminder. All it can get wrong is the moment of waking.
"""

from datetime import datetime
from typing import Protocol, runtime_checkable


@runtime_checkable
class Schedule(Protocol):
    """Knows when the next reminder is due, and wakes whoever fires it."""

    @property
    def next(self) -> datetime | None:
        """The earliest time that is known; None when nothing is pending."""
        ...

    def hasten(self, at: datetime) -> None:
        """Something is pending at this time too; called after the commit, so it never waits."""
        ...

    def forget(self) -> None:
        """Begin afresh; called before the table is read, so that no later `hasten` is lost."""
        ...

    async def wait(self, patience_seconds: float) -> None:
        """Return when the earliest time has come, also where the clock jumps to it.

        Args:
            patience_seconds: Return after so long whatever is known, for the table to be read
                again: another process may have planned something and ended.
        """
        ...
