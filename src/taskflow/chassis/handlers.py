"""How a service says what events mean to it, and how it takes them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from taskflow.base.spans import NOTHING, Span
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskEvent
from taskflow.events.topics import ALL_TYPES

BATCH_SIZE: Final = 50


@dataclass(frozen=True)
class Delivery:
    """An event for a handler; the transaction already holds the mark that it was seen.

    Attributes:
        span: That of its handling; present where the event is handled by itself.
    """

    transaction: Transaction
    event: TaskEvent
    traceparent: str | None
    span: Span = NOTHING


Handler = Callable[[Delivery], Awaitable[None]]
"""Says what an event means; returning commits, raising undoes everything."""
BatchHandler = Callable[[Transaction, Sequence[Delivery]], Awaitable[None]]
"""The same for several events, those of one key in order, in one transaction."""
Forget = Callable[[Transaction, UUID, int], Awaitable[int]]
"""Removes up to a number of rows that are kept of a user; returns how many, 0 when none is left."""
Concerns = Callable[[TaskEvent], bool]
"""Whether an event can mean anything to a service; where not, its handler is not asked."""


def _always(_event: TaskEvent) -> bool:
    return True


def _never(_event: TaskEvent) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Batches:
    """How a service takes events, several in one transaction.

    Attributes:
        handle: Whoever else may handle other events at the same time locks rows in the same order.
        event_types: What it takes.
        size: The most events of one transaction.
        linger_seconds: How long fewer wait for company; without, what waits already is taken.
        concurrency: How many transactions may be open at once.
        is_idempotent: Whether `handle` itself does nothing for an event that it has had, and minds
            no order: then none is marked as seen, and none waits for an earlier one that fails.
        concerns: Tells what `handle` may leave out.
        alone: Tells what needs a transaction of its own; what came together with it has one, too.
        forget: Called when an account is erased, until nothing of it is left; by then `handle` is
            given no event of theirs any more. None where nothing is kept of people, or all of it
            must stay.
    """

    handle: BatchHandler
    event_types: Sequence[str] = ALL_TYPES
    size: int = BATCH_SIZE
    linger_seconds: float = 0.0
    concurrency: int = 2
    is_idempotent: bool = False
    concerns: Concerns = _always
    alone: Concerns = _never
    forget: Forget | None = None

    def is_farewell(self, event: TaskEvent) -> bool:
        """Whether an event tells that its user's account is erased, where that means something."""
        return bool(event.owner_erased) and self.forget is not None

    def is_alone(self, event: TaskEvent) -> bool:
        """Whether an event may share no transaction."""
        return self.alone(event) or self.is_farewell(event)


def each(
    handlers: Mapping[str, Handler], concerns: Concerns = _always, forget: Forget | None = None
) -> Batches:
    """Every event by itself, in a transaction of its own."""

    async def handle(_transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            await handlers[delivery.event.event_type](delivery)

    return Batches(
        handle=handle,
        event_types=tuple(handlers),
        size=1,
        concurrency=8,
        concerns=concerns,
        forget=forget,
    )
