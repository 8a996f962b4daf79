"""A browser is reminded for as long as somebody is logged in there, also after it was renewed."""

from http import HTTPStatus
from typing import Any

import httpx
from tests.product import Product

P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
KEYS = {"p256dh": P256DH, "auth": "BTBZMqHH6r4Tts7J_aSIgg"}


def browser(name: str) -> dict[str, Any]:
    """What a browser says of itself."""
    subscription = {"endpoint": endpoint(name), "keys": KEYS}
    return {"kind": "web_push", "subscription": subscription}


def endpoint(name: str) -> str:
    return f"https://push.example.com/browsers/{name}"


def add(user: httpx.Client, name: str, **more: str) -> httpx.Response:
    return user.post("/reminders/channels", json=browser(name) | more)


def channels(user: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = user.get("/reminders/channels").json()["items"]
    return found


def test_a_browser_ends_with_the_login_that_added_it(product: Product) -> None:
    user = product.user()
    other = product._logged_in(user.get("/auth/me").json()["email"])
    left = add(user, "left").json()["channel"]
    stays = add(other, "stays").json()["channel"]
    assert user.post("/auth/logout").is_success
    ended, still = channels(other)
    assert (ended["id"], ended["is_on"], still["id"], still["is_on"]) == (
        left["id"], False, stays["id"], True,
    )  # fmt: skip
    assert "login" in ended["reason"]
    path = f"/reminders/channels/{left['id']}"
    assert other.patch(path, json={"is_on": True}).status_code == HTTPStatus.CONFLICT
    add(other, "new")
    assert left["id"] not in [one["id"] for one in channels(other)]


def test_a_browser_that_is_logged_in_again_is_the_same_channel(product: Product) -> None:
    user = product.user()
    first = add(user, "same").json()["channel"]
    again = product._logged_in(user.get("/auth/me").json()["email"])
    assert user.post("/auth/logout").is_success
    kept = add(again, "same", replaces=endpoint("same")).json()["channel"]
    assert (kept["id"], kept["is_on"], kept["reason"]) == (first["id"], True, None)


def test_a_renewed_subscription_stays_the_same_channel_as_its_owner_left_it(
    product: Product,
) -> None:
    user = product.user()
    first = add(user, "before").json()["channel"]
    renewed = add(user, "after", replaces=endpoint("before")).json()["channel"]
    assert renewed["id"] == first["id"]
    assert renewed["address"] != first["address"]
    user.patch(f"/reminders/channels/{first['id']}", json={"is_on": False}).raise_for_status()
    assert not add(user, "later", replaces=endpoint("after")).json()["channel"]["is_on"]
    assert len(channels(user)) == 1


def test_what_is_nobodys_browser_or_somebody_elses_is_not_renewed(product: Product) -> None:
    ada, grace = product.user(), product.user()
    add(ada, "hers")
    for name in ("hers", "nobodys"):
        answer = add(grace, "new", replaces=endpoint(name))
        assert answer.status_code == HTTPStatus.NOT_FOUND, answer.text
    assert channels(grace) == []
    assert len(channels(ada)) == 1
    hook = {"kind": "webhook", "url": "https://example.com/", "replaces": endpoint("hers")}
    refused = ada.post("/reminders/channels", json=hook)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert refused.json()["errors"][0]["field"] == "replaces"
