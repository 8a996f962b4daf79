"""What a bus promises, whichever it is.

At least once, in order for messages of one key, bounded retries for what fails, a place for what
keeps failing, and no consumer that delays another. `tests/conformance` holds every adapter to it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NamedTuple, Protocol

from taskflow.base.breaker import Breaker
from taskflow.bus.message import Message

Check = Callable[[], Awaitable[None]]
"""Returns when a dependency answers, raises a TaskFlowError that names what is wrong otherwise."""


class Verdict(Enum):
    """What a consumer says of a message."""

    DONE = auto()
    """Its effect is committed, or was before."""
    RETRY = auto()
    """It failed; try again, and set it aside when it keeps failing."""
    AWAY = auto()
    """The consumer cannot work at all right now; try again for as long as it takes."""
    POISON = auto()
    """No retry will help; set it aside at once."""
    HELD = auto()
    """It was not tried, since an earlier one of its key has to be done or set aside before."""


class Outcome(NamedTuple):
    """A verdict and, where it is not DONE, why.

    Attributes:
        kind: The reason's kind, which unlike the reason quotes nobody.
    """

    verdict: Verdict
    reason: str = ""
    kind: str = ""


DONE = Outcome(Verdict.DONE)


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """What one consumer wants and how it takes it.

    Attributes:
        consumer: Its name, unique on the bus.
        topics: What it reads.
        handle: Takes messages (those of one key in order) and answers with an outcome each.
        set_aside: Keeps a message that will not be tried again, with the reason; it must have
            committed before it returns.
        batch_size: The most messages that one call takes.
        linger_seconds: How long a smaller batch waits for company.
        concurrency: How many calls may run at once, each with other keys.
    """

    consumer: str
    topics: frozenset[str]
    handle: Callable[[Sequence[Message]], Awaitable[Sequence[Outcome]]]
    set_aside: Callable[[Message, str], Awaitable[None]]
    batch_size: int = 1
    linger_seconds: float = 0.0
    concurrency: int = 8


class Bus(Protocol):
    """A way for messages from the relay to the consumers."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes publish to it too, so that the outbox must be leased."""
        ...

    @property
    def door(self) -> Any:
        """The ASGI app by which it delivers, for a loopback listener; None where it needs none."""
        ...

    @property
    def checks(self) -> Mapping[str, Check]:
        """What tells whether it works, by name."""
        ...

    @property
    def breakers(self) -> Mapping[str, Breaker]:
        """The circuit breakers of its calls to other programs, by what they call."""
        ...

    def subscribe(self, subscription: Subscription) -> None:
        """Add a consumer; before `run`."""
        ...

    async def publish(self, messages: Sequence[Message]) -> None:
        """Take messages over, in order; waits while there is no room for more."""
        ...

    async def settled(self) -> list[int]:
        """Positions that nobody needs any more; waits for at least one, and reports each once."""
        ...

    async def run(self) -> None:
        """Deliver until stopped; what is held when it stops stays unsettled."""
        ...

    async def stop(self) -> None:
        """Take nothing new, let running calls end, and make `run` return."""
        ...
