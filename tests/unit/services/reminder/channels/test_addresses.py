"""What is taken for an address, and how little of it is shown."""

from datetime import UTC, datetime

import pytest

from taskflow.base.errors import Invalid
from taskflow.base.networks import parse_networks
from taskflow.services.reminder.channels import addresses
from taskflow.services.reminder.channels.bodies import (
    ChannelBody,
    ChannelPatch,
    Subscription,
    SubscriptionKeys,
    address_of,
    changed_address,
)

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SECRET = b"s" * 32
P256DH, AUTH = "B" + "A" * 86, "A" * 22
ENDPOINT = "https://push.example.com/send/long-and-secret"


def browser(endpoint: str = ENDPOINT, p256dh: str = P256DH, auth: str = AUTH) -> ChannelBody:
    subscription = Subscription(endpoint, SubscriptionKeys(p256dh, auth))
    return ChannelBody(kind="web_push", subscription=subscription)


def field_of(body: ChannelBody) -> str:
    with pytest.raises(Invalid) as raised:
        address_of(body.kind, body, SECRET, ())
    return raised.value.errors[0].field


BAD = [
    (ChannelBody(kind="webhook"), "url"),
    (ChannelBody(kind="webhook", url="ftp://example.com"), "url"),
    (ChannelBody(kind="webhook", url="http://127.0.0.1/"), "url"),
    (ChannelBody(kind="webhook", url="http://[::ffff:10.0.0.1]/"), "url"),
    (ChannelBody(kind="webhook", url="https://example.com", to="a@example.com"), "to"),
    (ChannelBody(kind="email"), "to"),
    (ChannelBody(kind="email", to="nobody"), "to"),
    (ChannelBody(kind="email", to="a@example.com\nBcc: b@example.com"), "to"),
    (ChannelBody(kind="email", to="ü@example.com"), "to"),
    (ChannelBody(kind="email", to="a@example.com", url="https://example.com"), "url"),
    (ChannelBody(kind="apprise"), "url"),
    (ChannelBody(kind="apprise", url="no address"), "url"),
    (ChannelBody(kind="apprise", url="json://exa\nmple.com"), "url"),
    (ChannelBody(kind="web_push"), "subscription"),
    (browser("http://a.example/"), "subscription.endpoint"),
    (browser("https://10.0.0.1/"), "subscription.endpoint"),
    (browser(p256dh="short"), "subscription.keys.p256dh"),
    (browser(auth="ö"), "subscription.keys.auth"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "field"), BAD)
def test_a_bad_address_names_its_field(body: ChannelBody, field: str) -> None:
    assert field_of(body) == field


def test_a_webhook_keeps_its_secret_when_its_address_changes() -> None:
    made = address_of("webhook", ChannelBody(kind="webhook", url="https://a.example"), SECRET, ())
    assert made["secret"] == addresses.secret_text(SECRET)
    changed = changed_address("webhook", made, ChannelPatch(url="https://b.example/x"), ())
    assert changed == made | {"url": "https://b.example/x"}
    assert changed_address("webhook", made, ChannelPatch(), ()) == made


def test_a_new_secret_leaves_the_former_one_for_a_day() -> None:
    made = addresses.webhook("https://a.example", SECRET, ())
    rotated = addresses.rotated(made, b"n" * 32, NOW)
    assert rotated["secret"] == addresses.secret_text(b"n" * 32)
    assert rotated["former"]["secret"] == made["secret"]
    assert datetime.fromisoformat(rotated["former"]["until"]) - NOW == addresses.OVERLAP


def test_an_allowed_network_may_be_named() -> None:
    allowed = parse_networks("127.0.0.0/8")
    assert addresses.webhook("http://127.0.0.1:9/x", SECRET, allowed)["url"].endswith(":9/x")


@pytest.mark.parametrize(
    ("kind", "address", "shown"),
    [
        ("web_push", {"endpoint": ENDPOINT, "auth": AUTH}, "https://push.example.com/…cret"),
        ("webhook", {"url": "https://a.example:8443/", "secret": "x"}, "https://a.example:8443"),
        ("webhook", {"url": "https://a.example/abc", "secret": "x"}, "https://a.example/…"),
        ("apprise", {"url": "TGRAM://token/chat"}, "tgram://…"),
        ("email", {"to": "ada@example.com"}, "ada@example.com"),
        ("of another time", {"secret": "x"}, "of another time"),
    ],
)
def test_enough_is_shown_to_tell_one_from_another(
    kind: str, address: dict[str, str], shown: str
) -> None:
    assert addresses.shown(kind, address) == shown
