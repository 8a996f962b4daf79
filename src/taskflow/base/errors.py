"""What can go wrong, as a tree.

TaskFlowError
├── NotFound            nothing there, or not yours
├── Conflict            the world has moved on: taken address, reused key, work in progress
│   ├── Stale           the version named is not the present one
│   └── InUse           another process holds it
├── Invalid             the input breaks a rule; names the fields
├── Unauthenticated     nobody we know
├── Denied              known, but not allowed
├── TooLarge            more than we take; carries the limit
├── TooMany             come back later; carries the seconds
└── Unavailable         something we need is away; come back later
    └── TimedOut        it is there, but this took it longer than anything may

Domain errors know no HTTP: `chassis/problems.py` translates them.
"""

from typing import NamedTuple


class FieldError(NamedTuple):
    """One thing that is wrong with one field of an input."""

    field: str
    message: str
    position: int | None = None


class TaskFlowError(Exception):
    """The root: something went wrong in a way that we know."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(TaskFlowError):
    """Nothing is there, or it is somebody else's; the two are never told apart."""


class Conflict(TaskFlowError):
    """The world has moved on since the caller looked.

    Args:
        detail: What stands against it.
        retry_after_seconds: Set when trying again later can succeed.
    """

    def __init__(self, detail: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class Stale(Conflict):
    """The caller's version is not the present one."""


class InUse(Conflict):
    """Another process holds what is wanted."""


class Invalid(TaskFlowError):
    """The input breaks a rule.

    Args:
        detail: What is wrong, in a sentence.
        errors: Every field that is wrong, by its JSON path (`recurrence.rule`).
    """

    def __init__(self, detail: str, *errors: FieldError) -> None:
        super().__init__(detail)
        self.errors = errors

    @classmethod
    def field(cls, name: str, message: str, position: int | None = None) -> "Invalid":
        """One field is wrong."""
        return cls(f"{name}: {message}", FieldError(name, message, position))


class Unauthenticated(TaskFlowError):
    """No valid identity came with the request."""


class Denied(TaskFlowError):
    """The caller is known, but may not do this."""


class TooLarge(TaskFlowError):
    """The input is larger than we take."""

    def __init__(self, detail: str, limit_bytes: int) -> None:
        super().__init__(detail)
        self.limit_bytes = limit_bytes


class TooMany(TaskFlowError):
    """Too many requests; the same one succeeds later."""

    def __init__(self, detail: str, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(TaskFlowError):
    """Something we need is away; trying again later can succeed.

    Where it went away during a commit, nobody knows whether that held: what must not be done twice
    is asked for with an Idempotency-Key, or names what it changes.
    """


class TimedOut(Unavailable):
    """What we need is there, but did not get done with this in time.

    Trying again can succeed, yet unlike something that is away it may be for what was asked: who
    tries again by itself does so a bounded number of times.
    """
