"""Web Push: to a browser, also while the page is closed (RFC 8030, 8291, 8292).

The browser's push service carries what it cannot read. A message that it still holds is replaced by
a repetition of the same (`Topic`); one that nobody fetched within a day is dropped (`TTL`).
"""

from base64 import urlsafe_b64decode
from http import HTTPStatus
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from taskflow.base.clock import Clock
from taskflow.base.networks import parse_target
from taskflow.base.settings import Settings
from taskflow.chassis.service import Context
from taskflow.events.payloads import Priority
from taskflow.services.reminder.channels.encryption import MOST_BYTES, encrypt
from taskflow.services.reminder.channels.port import Addressee, Message, NotDelivered, Receipt
from taskflow.services.reminder.channels.posting import Posting
from taskflow.services.reminder.channels.vapid import (
    authorization,
    load_key,
    public_text,
)

TTL_SECONDS: Final = 86_400
# What a push service says of a subscription that ended.
GONE: Final = frozenset({int(HTTPStatus.NOT_FOUND), int(HTTPStatus.GONE)})
MOST_TITLE: Final = 255
MOST_REMINDERS: Final = 20
URGENCY: Final[dict[Priority, str]] = {
    "low": "low",
    "medium": "normal",
    "high": "high",
    "urgent": "high",
}


class WebPush:
    """Carries messages to browsers.

    Args:
        posting: Sends.
        clock: The time.
        key: The installation's.
        contact: Whom a push service may write to.
    """

    kind: Final = "web_push"

    def __init__(
        self, posting: Posting, clock: Clock, key: EllipticCurvePrivateKey, contact: str | None
    ) -> None:
        self._posting = posting
        self._clock = clock
        self._key = key
        self._contact = contact

    @classmethod
    def of(cls, context: Context) -> "WebPush":
        """The one of a service.

        Raises:
            Unavailable: its key cannot be used.
        """
        settings = context.settings
        secret = settings.web_push_key
        key = load_key(settings.data_dir, None if secret is None else secret.get_secret_value())
        return cls(Posting.of(context), context.clock, key, _contact(settings))

    @property
    def public_key(self) -> str:
        """What a browser subscribes with."""
        return public_text(self._key)

    async def close(self) -> None:
        """End its connections."""
        await self._posting.close()

    async def send(self, addressee: Addressee, message: Message) -> Receipt:
        """Hand a message to the browser's push service once.

        Raises:
            NotDelivered: it has not taken it.
        """
        address = addressee.address
        try:
            audience = parse_target(address["endpoint"]).origin
            body = encrypt(content(message), _bytes(address["p256dh"]), _bytes(address["auth"]))
        except ValueError as error:
            raise NotDelivered("the subscription is none", is_gone=True) from error
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(TTL_SECONDS),
            "Urgency": URGENCY[message.priority],
            "Topic": message.id.hex,
            "Authorization": authorization(self._key, audience, self._clock.now(), self._contact),
        }
        return await self._posting.post(address["endpoint"], headers, body, addressee.id, GONE)


def content(message: Message) -> bytes:
    """What the service worker is given; the body is cut where a push service takes no more."""
    told = {
        "id": message.id,
        "kind": message.kind,
        "title": message.title[:MOST_TITLE],
        "body": message.body,
        "link": message.link,
        "task_id": message.task_id,
        "reminder_ids": message.reminder_ids[:MOST_REMINDERS],
    }
    encoded = msgspec.json.encode(told)
    body = message.body
    while len(encoded) > MOST_BYTES and body:
        body = body[: len(body) * 3 // 4]
        encoded = msgspec.json.encode(told | {"body": f"{body}…"})
    return encoded


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _contact(settings: Settings) -> str | None:
    """Whom the people of a push service may write to: who sends our mail, or our page."""
    if settings.smtp_sender is not None:
        return f"mailto:{settings.smtp_sender}"
    url = settings.public_url
    return url if url is not None and url.startswith("https://") else None
