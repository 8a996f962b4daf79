"""Changing one's account over HTTP: a JSON merge patch (RFC 7396)."""

import time
from typing import Any

import httpx
import pytest
from tests.product import Product

NIGHT = {"start": "22:00", "end": "07:00"}


@pytest.fixture
def user(product: Product) -> httpx.Client:
    return product.user()


def preferences(user: httpx.Client, change: object) -> Any:
    answer = user.patch("/auth/me", json={"notification_preferences": change})
    assert answer.status_code == 200, answer.text
    assert user.get("/auth/me").json() == answer.json()
    return answer.json()["notification_preferences"]


def test_quiet_hours_alone_leave_the_level(user: httpx.Client) -> None:
    preferences(user, {"level": "important"})
    assert preferences(user, {"quiet_hours": NIGHT}) == {
        "level": "important",
        "quiet_hours": NIGHT,
    }
    later = {"start": "22:00", "end": "08:00"}
    assert preferences(user, {"quiet_hours": {"end": "08:00"}})["quiet_hours"] == later


@pytest.mark.parametrize("level", ["none", {"level": "none"}])
def test_a_level_alone_leaves_the_quiet_hours(user: httpx.Client, level: object) -> None:
    preferences(user, {"quiet_hours": NIGHT})
    assert preferences(user, level) == {"level": "none", "quiet_hours": NIGHT}


def test_null_removes(user: httpx.Client) -> None:
    plain = {"level": "all", "quiet_hours": None}
    preferences(user, {"level": "none", "quiet_hours": NIGHT})
    assert preferences(user, {"quiet_hours": None}) == {"level": "none", "quiet_hours": None}
    assert preferences(user, {"level": None}) == plain
    preferences(user, {"level": "none", "quiet_hours": NIGHT})
    assert preferences(user, None) == plain
    user.patch("/auth/me", json={"timezone": "Europe/Berlin"})
    assert user.patch("/auth/me", json={"timezone": None}).json()["timezone"] == "UTC"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "name"),
        ({"password": None}, "password"),
        ({"notification_preferences": "loud"}, "notification_preferences"),
        (
            {"notification_preferences": {"quiet_hours": {"start": "22:00"}}},
            "notification_preferences.quiet_hours.end",
        ),
        (
            {"notification_preferences": {"quiet_hours": {"start": "22", "end": "07:00"}}},
            "notification_preferences.quiet_hours.start",
        ),
        ({"notification_preferences": {"sound": "loud"}}, "notification_preferences.sound"),
        ({"email": "new@people.example"}, "email"),
    ],
)
def test_a_patch_that_breaks_a_rule_names_its_field_and_changes_nothing(
    user: httpx.Client, change: dict[str, object], field: str
) -> None:
    before = user.get("/auth/me").json()
    refused = user.patch("/auth/me", json=change)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]
    assert user.get("/auth/me").json() == before


def test_an_empty_patch_changes_nothing(user: httpx.Client) -> None:
    before = user.get("/auth/me").json()
    assert user.patch("/auth/me", json={}).json() == before


def test_a_token_tells_when_it_was_last_used_whichever_service_saw_it(
    product: Product, user: httpx.Client
) -> None:
    made = user.post("/auth/tokens", json={"name": "CI", "scopes": ["read"]}).json()
    assert made["last_used_at"] is None
    audit = f"http://127.0.0.1:{product.port_base + 4}/api/v1/audit/events"
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert httpx.get(audit, headers=headers).status_code == 200
    deadline = time.monotonic() + 30
    while (shown := user.get("/auth/tokens").json()["items"][0])["last_used_at"] is None:
        assert time.monotonic() < deadline, "its use was never written"
        time.sleep(0.05)
    assert shown["last_used_at"] >= made["created_at"]
    assert "token" not in shown
