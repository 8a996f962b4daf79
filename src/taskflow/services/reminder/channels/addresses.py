"""Where each kind of channel leads: what is taken, what is kept and what is shown of it. Pure.

What is kept may hold secrets. What is shown is enough for its owner to tell it from others.
"""

import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from taskflow.accounts.model import clean_email
from taskflow.base.errors import Invalid
from taskflow.base.networks import Network, is_literal, is_permitted, parse_target

Kind = Literal["web_push", "email", "webhook", "apprise"]
Address = dict[str, Any]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what every secret of a webhook begins with
SECRET_BYTES: Final = 32
# So long the former secret signs too, for receivers to be given the new one.
OVERLAP: Final = timedelta(days=1)
POINT_BYTES: Final = 65
AUTH_BYTES: Final = 16
LONGEST_APPRISE: Final = 2_048
# What tells one address from another, at its end.
SHOWN_TAIL: Final = 4
_SERVICE: Final = re.compile(r"[a-z][a-z0-9+.-]{0,31}://[^\s\x00-\x1f\x7f]+\Z", re.IGNORECASE)


def web_push(endpoint: str, p256dh: str, auth: str, allowed: Sequence[Network]) -> Address:
    """A browser's subscription.

    Raises:
        Invalid: it is none.
    """
    url = _callable("subscription.endpoint", endpoint, allowed)
    if not url.startswith("https://") and not allowed:
        raise Invalid.field("subscription.endpoint", "must begin with https://")
    for name, text, length in (("p256dh", p256dh, POINT_BYTES), ("auth", auth, AUTH_BYTES)):
        if _length(text) != length:
            raise Invalid.field(f"subscription.keys.{name}", f"must be {length} bytes in base64url")
    return {"endpoint": url, "p256dh": p256dh, "auth": auth}


def email(to: str) -> Address:
    """A person's mail box.

    Raises:
        Invalid: it is no address, or one that mail servers do not all take.
    """
    try:
        address = clean_email(to)
    except Invalid:
        raise Invalid.field("to", "must be an e-mail address") from None
    if not address.isascii():
        raise Invalid.field("to", "must be an e-mail address of ASCII characters")
    return {"to": address}


def mailbox_of(address: Mapping[str, Any]) -> str:
    """The mail box that an e-mail address leads to, whatever stands after a plus sign."""
    local, _, domain = str(address["to"]).rpartition("@")
    return f"{local.partition('+')[0]}@{domain}".lower()


def webhook(url: str, secret: bytes, allowed: Sequence[Network]) -> Address:
    """A program's address, with what its messages are signed with.

    Raises:
        Invalid: it is none that may be called.
    """
    return {"url": _callable("url", url, allowed), "secret": secret_text(secret)}


def rotated(address: Mapping[str, Any], secret: bytes, now: datetime) -> Address:
    """A webhook's address with a new secret; the present one signs too for a day."""
    former = {"secret": address["secret"], "until": (now + OVERLAP).isoformat()}
    return {"url": address["url"], "secret": secret_text(secret), "former": former}


def secret_text(secret: bytes) -> str:
    """A secret as Standard Webhooks writes it."""
    return SECRET_PREFIX + b64encode(secret).decode()


def apprise(url: str) -> Address:
    """An address of one of Apprise's services; whether it is one, Apprise says.

    Raises:
        Invalid: it does not look like any.
    """
    if len(url) > LONGEST_APPRISE or not _SERVICE.match(url):
        raise Invalid.field("url", "must be an address such as ntfys://ntfy.sh/topic")
    return {"url": url}


def shown(kind: str, address: Mapping[str, Any]) -> str:
    """What its owner is shown of an address."""
    show = _SHOWN.get(kind)
    return show(address) if show else kind


def _shown_url(url: str) -> str:
    target = parse_target(url)
    if len(target.path) <= 2 * SHOWN_TAIL:
        return f"{target.origin}/…" if target.path != "/" else target.origin
    return f"{target.origin}/…{target.path[-SHOWN_TAIL:]}"


_SHOWN: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "web_push": lambda address: _shown_url(address["endpoint"]),
    "email": lambda address: str(address["to"]),
    "webhook": lambda address: _shown_url(address["url"]),
    "apprise": lambda address: f"{address['url'].partition('://')[0].lower()}://…",
}


def _callable(field: str, url: str, allowed: Sequence[Network]) -> str:
    """An address that may be called, as far as it says itself."""
    try:
        target = parse_target(url)
    except ValueError as error:
        raise Invalid.field(field, str(error)) from None
    if is_literal(target.host) and not is_permitted(target.host, allowed):
        raise Invalid.field(field, "must be a public address")
    return target.origin + target.path


def _length(text: str) -> int | None:
    """How many bytes a text in base64url is; None where it is none."""
    try:
        return len(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return None
