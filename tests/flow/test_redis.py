"""TaskFlow with a Redis: it starts without it, goes on without it, and says so."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.product import Product
from tests.redis_server import RedisServer

PATIENCE_SECONDS = 30
REMINDER, NOTIFICATION = 2, 3


@pytest.mark.parametrize("offset", [REMINDER, NOTIFICATION])
def test_a_service_is_ready_without_redis_and_names_it(
    shared: tuple[Product, RedisServer], offset: int
) -> None:
    product, server = shared
    assert state_of_redis(product, offset, "up") == {"state": "up", "optional": True}
    server.kill()
    down = state_of_redis(product, offset, "down")
    assert down["state"] == "down"
    assert "Redis" in down["detail"]
    server.start()
    assert state_of_redis(product, offset, "up")["state"] == "up"


def test_reminders_fire_and_are_told_with_and_without_redis(
    shared: tuple[Product, RedisServer],
) -> None:
    product, server = shared
    user = product.user()
    remind(user)
    server.kill()
    remind(user)
    server.start()
    remind(user)
    deadline, told = time.monotonic() + PATIENCE_SECONDS, 0
    while told < 3 and time.monotonic() < deadline:
        items = user.get("/notifications").json()["items"]
        told = [one["event_type"] for one in items].count("reminder.triggered")
    assert told == 3


def remind(user: httpx.Client) -> None:
    """A reminder that is due at once, and has fired."""
    due = (datetime.now(UTC) + timedelta(seconds=3601)).isoformat()
    body = {"title": "Tea", "due_date": due, "reminders": [{"offset": "PT1H"}]}
    task = user.post("/tasks", json=body).raise_for_status().json()
    deadline = time.monotonic() + PATIENCE_SECONDS
    found: list[dict[str, Any]] = []
    while [one["status"] for one in found] != ["sent"]:
        assert time.monotonic() < deadline, found
        found = user.get("/reminders", params={"task_id": task["id"]}).json()["items"]


def state_of_redis(product: Product, offset: int, wanted: str) -> dict[str, Any]:
    """What a service says of its Redis, once that is in a state; it is ready all the time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    url = f"http://127.0.0.1:{product.port_base + offset}/health/ready"
    while True:
        answer = httpx.get(url)
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()["dependencies"]["redis"]
        if found["state"] == wanted or time.monotonic() > deadline:
            return found


@pytest.fixture
def shared(open_dir: Path, redis_server: RedisServer) -> Iterator[tuple[Product, RedisServer]]:
    """TaskFlow with a Redis."""
    folder = open_dir / f"with-{redis_server.socket.parent.name}"
    product = Product(folder, {"TASKFLOW_REDIS_URL": redis_server.url})
    product.start()
    product.install()
    yield product, redis_server
    product.stop()
