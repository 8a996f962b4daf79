"""What a person says of a channel, and the address that is meant. Pure."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from taskflow.base.errors import Invalid
from taskflow.base.networks import Network
from taskflow.services.reminder.channels import addresses
from taskflow.services.reminder.channels.addresses import Address, Kind

NEEDED: Final[Mapping[Kind, str]] = {
    "web_push": "subscription",
    "email": "to",
    "webhook": "url",
    "apprise": "url",
}
NAMES: Final[Mapping[Kind, str]] = {
    "web_push": "Browser",
    "email": "E-mail",
    "webhook": "Webhook",
    "apprise": "Apprise",
}
Url = Annotated[str, Meta(max_length=2_048)]


class SubscriptionKeys(Struct, forbid_unknown_fields=True):
    """The keys of a browser's subscription, in base64url."""

    p256dh: Annotated[str, Meta(max_length=128)]
    auth: Annotated[str, Meta(max_length=64)]


class Subscription(Struct, forbid_unknown_fields=True):
    """A browser's `PushSubscription`, as its `toJSON` gives it."""

    endpoint: Url
    keys: SubscriptionKeys
    expirationTime: float | None = None  # noqa: N815 - the browser's name


class ChannelBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """A new channel: `web_push` has a `subscription`, `email` a `to`, the others a `url`.

    A browser whose subscription was renewed names the endpoint that it `replaces`: it stays the
    same channel, and is none where none of yours is known by that endpoint.
    """

    kind: Kind
    name: Annotated[str, Meta(max_length=100)] | None = None
    url: Url | None = None
    to: Annotated[str, Meta(max_length=254)] | None = None
    subscription: Subscription | None = None
    replaces: Url | None = None


class ChannelPatch(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to change; `position` counts from 1, the most preferred."""

    name: Annotated[str, Meta(max_length=100)] | None = None
    is_on: bool | None = None
    position: Annotated[int, Meta(ge=1, le=1_000)] | None = None
    url: Url | None = None
    to: Annotated[str, Meta(max_length=254)] | None = None


def address_of(kind: Kind, body: ChannelBody, secret: bytes, allowed: Sequence[Network]) -> Address:
    """The address of a new channel.

    Args:
        kind: Which.
        body: What the person says.
        secret: What a webhook is to be signed with.
        allowed: Networks that may be called although they are not public.

    Raises:
        Invalid: it lacks what its kind needs, or has what another kind needs.
    """
    _only(kind, body)
    if body.subscription is not None:
        keys = body.subscription.keys
        return addresses.web_push(body.subscription.endpoint, keys.p256dh, keys.auth, allowed)
    if body.to is not None:
        return addresses.email(body.to)
    if body.url is None:
        raise Invalid.field(NEEDED[kind], f"is required for {kind}")
    if kind == "webhook":
        return addresses.webhook(body.url, secret, allowed)
    return addresses.apprise(body.url)


def changed_address(
    kind: Kind, present: Address, patch: ChannelPatch, allowed: Sequence[Network]
) -> Address:
    """The address after a change; a webhook's secret stays.

    Raises:
        Invalid: it is none of this kind.
    """
    _only(kind, patch)
    if patch.to is not None:
        return addresses.email(patch.to)
    if patch.url is None:
        return present
    if kind == "webhook":
        return present | {"url": addresses.webhook(patch.url, b"", allowed)["url"]}
    return addresses.apprise(patch.url)


def _only(kind: Kind, body: Any) -> None:
    """Refuse what would be ignored."""
    for name in ("subscription", "to", "url"):
        if name != NEEDED[kind] and getattr(body, name, None) is not None:
            raise Invalid.field(name, f"is not for {kind}")
    if kind != "web_push" and getattr(body, "replaces", None) is not None:
        raise Invalid.field("replaces", f"is not for {kind}")
