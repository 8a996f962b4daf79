"""What a service and the process in which Apprise runs say, a line of JSON each. Pure."""

from typing import Literal

import msgspec


class Request(msgspec.Struct, frozen=True):
    """What is asked of a worker: whether a URL is one, or to tell something there."""

    op: Literal["check", "send"]
    url: str
    title: str = ""
    body: str = ""
    is_urgent: bool = False


class Reply(msgspec.Struct, frozen=True):
    """What came of it; the first, unasked, says that the worker is ready.

    Attributes:
        is_understood: Whether Apprise knows such a URL, and we let it.
        receivers: To how many it leads; to more than one nothing is sent.
        is_refused: Whether it wanted what it may not.
        statuses: What was answered over HTTP, in order.
        retry_after: What the last answer asked for.
        failure: Why no answer came, by the name of the library's error.
    """

    is_understood: bool
    receivers: int = 1
    is_delivered: bool = False
    is_refused: bool = False
    statuses: tuple[int, ...] = ()
    retry_after: str | None = None
    failure: str | None = None
