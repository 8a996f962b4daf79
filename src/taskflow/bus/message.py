"""What a bus carries; a value that every room of the event path knows."""

from datetime import datetime
from typing import NamedTuple


class Message(NamedTuple):
    """An event on its way.

    Attributes:
        position: Its place in the outbox; how the relay knows it again.
        topic: Where it goes.
        key: What it must stay in order with: the task id.
        body: The envelope, as bytes.
        created_at: When what it tells of happened, where the outbox is at hand.
    """

    position: int
    topic: str
    key: str
    body: bytes
    created_at: datetime | None = None
