"""Quiet hours that are changed over HTTP let go what they hold up."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.distributed.load import Origin

PATIENCE_SECONDS = 60
HOUR = timedelta(hours=1)


@pytest.fixture
def user(origin: Origin) -> Iterator[httpx.Client]:
    """Somebody whose quiet hours hold now."""
    with origin.client(origin.token()) as user:
        now = datetime.now(UTC)
        prefer(user, {"start": f"{now - HOUR:%H:%M}", "end": f"{now + 3 * HOUR:%H:%M}"})
        yield user


def prefer(user: httpx.Client, hours: dict[str, str] | None) -> None:
    change = {"timezone": "UTC", "notification_preferences": {"quiet_hours": hours}}
    user.patch("/auth/me", json=change).raise_for_status()


def until(user: httpx.Client, reminder: str, what: str) -> list[dict[str, Any]]:
    """A reminder's timeline, once this has happened to it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = user.get(f"/reminders/{reminder}/timeline").raise_for_status().json()["items"]
        if what in [one["what"] for one in found]:
            return list(found)
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def held_up(user: httpx.Client) -> str:
    """A reminder that quiet hours hold up."""
    at = datetime.now(UTC) + timedelta(seconds=1)
    task = {"title": "Tea", "reminders": [{"at": at.isoformat()}]}
    made = user.post("/tasks", json=task).raise_for_status().json()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := user.get("/reminders", params={"task_id": made["id"]}).json()["items"]):
        assert time.monotonic() < deadline, "it was never planned"
        time.sleep(0.05)
    reminder = str(found[0]["id"])
    until(user, reminder, "postponed")
    return reminder


def test_what_is_held_up_comes_once_quiet_hours_are_turned_off(user: httpx.Client) -> None:
    reminder = held_up(user)
    prefer(user, None)
    until(user, reminder, "fired")
    found = until(user, reminder, "delivered")
    told = [one["what"] for one in found]
    assert told == ["planned", "postponed", "replanned", "due", "fired", "handed_over", "delivered"]
    (fired,) = (one for one in found if one["what"] == "fired")
    assert fired["late_by_seconds"] < PATIENCE_SECONDS
    (replanned,) = (one for one in found if one["what"] == "replanned")
    assert replanned["reason"] == "quiet hours were changed"
