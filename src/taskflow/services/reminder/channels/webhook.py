"""Webhooks: a JSON document to an address of the person's, signed as Standard Webhooks says.

`webhook-id` is the delivery's, the same on every attempt; `webhook-signature` covers it, the
`webhook-timestamp` of the attempt and the body. Where the secret was changed a short while ago, a
second signature is made with the former one.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from hmac import digest
from typing import Any, Final
from uuid import UUID

import msgspec

from taskflow.base.clock import Clock
from taskflow.chassis.service import Context
from taskflow.events.payloads import Priority
from taskflow.services.reminder.channels.addresses import SECRET_PREFIX
from taskflow.services.reminder.channels.port import Addressee, Message, Receipt
from taskflow.services.reminder.channels.posting import Posting


class WebhookData(msgspec.Struct, frozen=True):
    """What is told, as a webhook carries it; `link` is whole."""

    title: str
    body: str
    link: str | None
    priority: Priority
    fire_at: datetime
    late_by_seconds: int
    reminder_ids: tuple[UUID, ...]
    task_id: UUID | None


class WebhookBody(msgspec.Struct, frozen=True):
    """The body of a webhook; `type` is `taskflow.reminder`, `.digest`, `.test`, …."""

    type: str
    timestamp: datetime
    data: WebhookData


class Webhook:
    """Carries messages to people's own programs.

    Args:
        posting: Sends.
        clock: The time.
        page_url: What links begin with.
    """

    kind: Final = "webhook"

    def __init__(self, posting: Posting, clock: Clock, page_url: str) -> None:
        self._posting = posting
        self._clock = clock
        self._page_url = page_url

    @classmethod
    def of(cls, context: Context) -> "Webhook":
        """The one of a service."""
        return cls(Posting.of(context), context.clock, context.settings.page_url)

    async def close(self) -> None:
        """End its connections."""
        await self._posting.close()

    async def send(self, addressee: Addressee, message: Message) -> Receipt:
        """Post a message once, signed.

        Raises:
            NotDelivered: the receiver has not taken it.
        """
        now = self._clock.now()
        body = msgspec.json.encode(_body(message, self._page_url))
        stamp = str(int(now.timestamp()))
        signed = f"{message.id}.{stamp}.".encode() + body
        headers = {
            "Content-Type": "application/json",
            "webhook-id": str(message.id),
            "webhook-timestamp": stamp,
            "webhook-signature": " ".join(
                sign(secret, signed) for secret in secrets(addressee.address, now)
            ),
        }
        return await self._posting.post(addressee.address["url"], headers, body, addressee.id)


def secrets(address: Mapping[str, Any], now: datetime) -> list[str]:
    """The secrets to sign with: the present one, and the former while it still counts."""
    found = [address["secret"]]
    former = address.get("former")
    if former and datetime.fromisoformat(former["until"]) > now:
        found.append(former["secret"])
    return found


def sign(secret: str, signed: bytes) -> str:
    """A signature of version 1: HMAC-SHA256 with the secret's bytes."""
    key = b64decode(secret.removeprefix(SECRET_PREFIX))
    return "v1," + b64encode(digest(key, signed, sha256)).decode()


def _body(message: Message, page_url: str) -> WebhookBody:
    link = None if message.link is None else page_url + message.link
    data = WebhookData(
        message.title,
        message.body,
        link,
        message.priority,
        message.fire_at,
        message.late_by_seconds,
        message.reminder_ids,
        message.task_id,
    )
    return WebhookBody(f"taskflow.{message.kind}", message.fire_at, data)
