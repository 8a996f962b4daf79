"""Everything else, through Apprise: ntfy, Telegram, Matrix, Slack and a hundred more services.

Apprise says neither why a message was not taken nor which it was: what its service answered over
HTTP is noted beside it. A repetition cannot be told from the first.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from taskflow.base.clock import Clock
from taskflow.base.errors import Invalid, TimedOut, TooMany, Unavailable
from taskflow.chassis.service import Context
from taskflow.services.reminder.channels.port import Addressee, Message, NotDelivered, Receipt
from taskflow.services.reminder.channels.replies import TAKEN, judge
from taskflow.services.reminder.channels.worker_protocol import Reply, Request
from taskflow.services.reminder.channels.workers import Workers

SECONDS: Final = 20.0
CHECK_SECONDS: Final = 10.0


class ThroughApprise:
    """Carries messages to people's services.

    Args:
        workers: Ask Apprise.
        clock: The time.
        page_url: What links begin with.
        seconds: How long a service may take.
    """

    kind: Final = "apprise"

    def __init__(
        self, workers: Workers, clock: Clock, page_url: str, seconds: float = SECONDS
    ) -> None:
        self._workers = workers
        self._clock = clock
        self._page_url = page_url
        self._seconds = seconds

    @classmethod
    def of(cls, context: Context) -> "ThroughApprise":
        """The one of a service."""
        settings = context.settings
        workers = Workers(settings.outbound_allowed_networks)
        return cls(workers, context.clock, settings.page_url)

    async def close(self) -> None:
        """End what runs beside the service."""
        await self._workers.close()

    async def send(self, addressee: Addressee, message: Message) -> Receipt:
        """Have a message told once.

        Raises:
            NotDelivered: it was not, as far as anybody can know.
        """
        link = "" if message.link is None else f"\n\n{self._page_url}{message.link}"
        is_urgent = message.priority == "urgent"
        url = addressee.address["url"]
        body = f"{message.body}{link}".strip() or message.title
        request = Request("send", url, message.title, body, is_urgent)
        try:
            reply = await self._workers.ask(request, self._seconds, addressee.user_id)
        except TimedOut as error:
            raise NotDelivered(f"the receiver was not reached: {error.detail}") from error
        except TooMany as error:
            rest = timedelta(seconds=error.retry_after_seconds)
            raise NotDelivered(error.detail, retry_after=rest) from error
        except Unavailable as error:
            raise NotDelivered(error.detail) from error
        return self._judge(reply)

    async def check(self, url: str, owner: UUID) -> None:
        """Ask whether Apprise knows such an address.

        Args:
            url: The address.
            owner: Whose.

        Raises:
            Invalid: it does not, or it is of a kind that may not be used here, or of several
                receivers.
            TooMany: others ask at this moment.
            Unavailable: nobody can say at this moment.
        """
        reply = await self._workers.ask(Request("check", url), CHECK_SECONDS, owner)
        if not reply.is_understood:
            text = "is no address of a service that Apprise reaches over HTTP"
            raise Invalid.field("url", text)
        if reply.receivers > 1:
            raise Invalid.field("url", _several(reply.receivers))

    def _judge(self, reply: Reply) -> Receipt:
        if not reply.is_understood:
            raise NotDelivered("Apprise knows no such address", is_final=True)
        if reply.receivers > 1:
            raise NotDelivered(f"the address {_several(reply.receivers)}", is_final=True)
        if reply.is_refused:
            raise NotDelivered("the address is not public, and is not allowed here", is_final=True)
        status = reply.statuses[-1] if reply.statuses else None
        if reply.is_delivered:
            return Receipt("the receiver took it" if status is None else f"it answered {status}")
        if status is None or status in TAKEN:
            failure = f" ({reply.failure})" if reply.failure else ""
            raise NotDelivered(f"the receiver was not reached, or did not take it{failure}")
        headers = {} if reply.retry_after is None else {"retry-after": reply.retry_after}
        return judge(status, headers, self._clock.now())


def _several(receivers: int) -> str:
    """What is said of an address of several receivers: none of them could be told of alone."""
    return f"leads to {receivers} receivers: add a channel for each of them"
