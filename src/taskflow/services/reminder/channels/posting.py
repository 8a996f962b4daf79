"""Sends to a receiver over HTTP and says what came of it, for the channels that do."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from taskflow.base.clock import Clock
from taskflow.base.errors import Denied, Unavailable
from taskflow.base.networks import parse_networks
from taskflow.chassis.outbound import Outbound
from taskflow.chassis.service import Context
from taskflow.services.reminder.channels.port import NotDelivered, Receipt
from taskflow.services.reminder.channels.replies import judge

SECONDS: Final = 10.0
GONE: Final = frozenset({int(HTTPStatus.GONE)})


class Posting:
    """Posts to receivers.

    Args:
        outbound: Makes the calls.
        clock: The time.
        seconds: How long a call may take.
    """

    def __init__(self, outbound: Outbound, clock: Clock, seconds: float = SECONDS) -> None:
        self._outbound = outbound
        self._clock = clock
        self._seconds = seconds

    @classmethod
    def of(cls, context: Context) -> "Posting":
        """The one of a service."""
        allowed = parse_networks(context.settings.outbound_allowed_networks)
        return cls(Outbound(allowed), context.clock)

    async def close(self) -> None:
        """End its connections."""
        await self._outbound.close()

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        content: bytes,
        gone: frozenset[int] = GONE,
    ) -> Receipt:
        """Send once.

        Raises:
            NotDelivered: the receiver has not taken it, or may not be called.
        """
        try:
            answer = await self._outbound.post(url, headers, content, seconds=self._seconds)
        except Denied as error:
            raise NotDelivered(error.detail, is_final=True) from error
        except Unavailable as error:
            raise NotDelivered(f"the receiver was not reached: {error.detail}") from error
        return judge(answer.status, answer.headers, self._clock.now(), gone)
