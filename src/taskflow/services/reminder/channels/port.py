"""What the reminder service asks of a channel: carry one message to one address, or say why not.

A channel neither retries nor remembers: whoever calls it does, and gives the same message with the
same id again, so that a receiver can tell a repetition.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID

from msgspec import Struct

from taskflow.events.payloads import Priority

MessageKind = Literal["reminder", "digest", "test", "verification"]


class Message(Struct, frozen=True):
    """What a person is told.

    Attributes:
        id: The delivery's; the same on every attempt.
        title: One line.
        body: Plain text, of any number of lines.
        link: Where to go from here, a path below the installation's public address (`/#task-…`).
        fire_at: When it was to be told.
        late_by_seconds: How much later it is.
        reminder_ids: What it tells of: one reminder, the first twenty of a digest, none of the
            other kinds.
    """

    id: UUID
    kind: MessageKind
    title: str
    body: str
    link: str | None
    priority: Priority
    fire_at: datetime
    late_by_seconds: int
    reminder_ids: tuple[UUID, ...]
    task_id: UUID | None


class Addressee(Struct, frozen=True):
    """One way to one person, as they set it up.

    Attributes:
        kind: Which channel carries it.
        name: What the person calls it.
        address: Where to: of a shape that the channel alone knows; it may hold secrets.
    """

    id: UUID
    user_id: UUID
    kind: str
    name: str
    address: Mapping[str, Any]


class Receipt(NamedTuple):
    """What the receiver said when it took a message, in a line and without secrets."""

    detail: str


class NotDelivered(Exception):
    """A message was not taken.

    Attributes:
        detail: Why, in a line and without secrets.
        is_final: Whether trying again is in vain: the address is wrong, or forbidden.
        is_gone: Whether the address will never be good again, so that it is to be turned off.
        retry_after: How long the receiver asked to be left alone.
        is_certain: Whether it has not taken it for sure, as it says itself; other failures may come
            of our own end.
    """

    def __init__(
        self,
        detail: str,
        *,
        is_final: bool = False,
        is_gone: bool = False,
        retry_after: timedelta | None = None,
        is_certain: bool = False,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.is_final = is_final or is_gone
        self.is_gone = is_gone
        self.retry_after = retry_after
        self.is_certain = is_certain or self.is_final or retry_after is not None


class LeftAlone(NotDelivered):
    """Nothing was sent: the receiver did not answer several times, and has a rest."""

    def __init__(self, detail: str, rest: timedelta) -> None:
        super().__init__(detail, retry_after=rest)
        self.rest = rest


class Channel(Protocol):
    """Carries messages of one kind."""

    @property
    def kind(self) -> str:
        """Its name, as settings and receipts give it."""
        ...

    async def send(self, addressee: Addressee, message: Message) -> Receipt:
        """Hand one message over; ends within the channel's own time-out.

        Raises:
            NotDelivered: the receiver has not taken it, as far as anybody can know.
            LeftAlone: nothing was sent, for it has a rest.
        """
        ...
