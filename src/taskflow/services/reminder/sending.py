"""Hands a message to a channel and says what came of it, whatever the channel does.

Every sending has an end; those that are under way when we stop have a moment more to be answered
and are then broken off by us, which is said so: nobody else is to blame, and nobody knows whether
the receiver has taken it.
"""

import asyncio
from typing import Final, NamedTuple

import structlog

from taskflow.services.reminder.channels.port import (
    Addressee,
    Channel,
    LeftAlone,
    Message,
    NotDelivered,
    Receipt,
)
from taskflow.services.reminder.lifecycle import Failure

# The longest that a channel may take: Apprise waits for its turn, starts a process and sends.
SEND_SECONDS: Final = 90.0
# How long receivers that are well have to answer when we stop.
GRACE_SECONDS: Final = 1.0

log = structlog.get_logger()


class BrokenOff(NamedTuple):
    """We stopped before the receiver had answered."""

    detail: str = "TaskFlow was stopped before there was an answer; it may have been sent"


Sent = Receipt | Failure | LeftAlone | BrokenOff
"""What came of handing a message to a channel."""


class Sending:
    """What is being sent by a channel.

    Args:
        channel: Sends it.
        grace_seconds: How long what is being sent may go on when we stop.

    Attributes:
        is_stopping: Whether nothing is to be sent any more.
    """

    def __init__(self, channel: Channel, grace_seconds: float = GRACE_SECONDS) -> None:
        self.is_stopping = False
        self._channel = channel
        self._grace_seconds = grace_seconds
        self._limits: set[asyncio.Timeout] = set()

    def stop(self) -> None:
        """Break off what is being sent, unless its receiver answers within the grace."""
        self.is_stopping = True
        until = asyncio.get_running_loop().time() + self._grace_seconds
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(min(limit.when() or until, until))

    async def send(self, addressee: Addressee, message: Message, *, may_rest: bool) -> Sent:
        """Have it sent; whatever a channel raises is a failure of this attempt alone."""
        sending = self._send(addressee, message)
        answer = (await asyncio.gather(sending, return_exceptions=True))[0]
        if isinstance(answer, Receipt) or (may_rest and isinstance(answer, LeftAlone)):
            return answer
        if self.is_stopping and not (isinstance(answer, NotDelivered) and answer.is_certain):
            return BrokenOff()
        if isinstance(answer, NotDelivered):
            return _failure(answer)
        return self._unforeseen(answer)

    async def _send(self, addressee: Addressee, message: Message) -> Receipt:
        seconds = self._grace_seconds if self.is_stopping else SEND_SECONDS
        async with asyncio.timeout(seconds) as limit:
            self._limits.add(limit)
            try:
                return await self._channel.send(addressee, message)
            finally:
                self._limits.discard(limit)

    def _unforeseen(self, error: BaseException) -> Failure:
        if isinstance(error, TimeoutError):
            return Failure("failed", f"no answer within {SEND_SECONDS:.0f} seconds")
        log.error("delivery.failed_unforeseen", channel=self._channel.kind, exc_info=error)
        return Failure("failed", f"the channel failed unforeseen: {type(error).__name__}")


def _failure(error: NotDelivered) -> Failure:
    if error.is_gone:
        return Failure("gone", error.detail)
    if error.is_final:
        return Failure("refused", error.detail)
    return Failure("failed", error.detail, error.retry_after)
