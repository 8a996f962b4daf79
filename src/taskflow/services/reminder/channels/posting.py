"""Sends to a receiver over HTTP and says what came of it, for the channels that do."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from uuid import UUID

from taskflow.base.clock import Clock
from taskflow.base.errors import Denied, Unavailable
from taskflow.base.networks import parse_networks
from taskflow.chassis import outbound
from taskflow.chassis.outbound import Outbound
from taskflow.chassis.service import Context
from taskflow.services.reminder.channels.port import LeftAlone, NotDelivered, Receipt
from taskflow.services.reminder.channels.replies import judge

SECONDS: Final = 10.0
GONE: Final = frozenset({int(HTTPStatus.GONE)})


class Posting:
    """Posts to receivers.

    Args:
        calls: Makes the calls.
        clock: The time.
        seconds: How long a call may take.
    """

    def __init__(self, calls: Outbound, clock: Clock, seconds: float = SECONDS) -> None:
        self._outbound = calls
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
        addressee: UUID,
        gone: frozenset[int] = GONE,
    ) -> Receipt:
        """Send once.

        Raises:
            LeftAlone: the receiver has a rest.
            NotDelivered: the receiver has not taken it, or may not be called.
        """
        try:
            answer = await self._outbound.post(
                url, headers, content, seconds=self._seconds, addressee=str(addressee)
            )
        except outbound.LeftAlone as error:
            detail = f"the receiver was not reached: {error.detail}"
            raise LeftAlone(detail, timedelta(seconds=error.rest_seconds)) from error
        except Denied as error:
            raise NotDelivered(error.detail, is_final=True) from error
        except Unavailable as error:
            raise NotDelivered(f"the receiver was not reached: {error.detail}") from error
        return judge(answer.status, answer.headers, self._clock.now(), gone)
