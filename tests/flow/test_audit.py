"""The trail tells who changed what, once, and nobody can change it."""

import time

import asyncpg
import httpx
import pytest
from tests.product import Product

PATIENCE_SECONDS = 15


def trail(
    user: httpx.Client, product: Product, task_id: str, events: int
) -> list[dict[str, object]]:
    """A task's trail on the audit logger's own port, once it has so many events."""
    address = f"http://127.0.0.1:{product.port_base + 4}/api/v1/audit/tasks/{task_id}"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = user.get(address)
        items: list[dict[str, object]] = answer.json().get("items", [])
        if len(items) >= events or time.monotonic() > deadline:
            return items


def test_every_change_of_a_task_is_in_its_trail_once_and_in_order(product: Product) -> None:
    user = product.user()
    task = user.post("/tasks", json={"title": "Old"}).json()
    user.patch(f"/tasks/{task['id']}", json={"title": "New"})
    user.post(f"/tasks/{task['id']}/complete")
    user.delete(f"/tasks/{task['id']}")
    items = trail(user, product, task["id"], 4)
    assert [item["event_type"] for item in items] == [
        "task.created", "task.updated", "task.completed", "task.deleted",
    ]  # fmt: skip
    assert [item["version"] for item in items] == [1, 2, 3, 4]
    assert items[1]["changes"] == {"title": {"old": "Old", "new": "New"}}
    everything = user.get("/audit/events", headers={"Accept": "application/x-ndjson"}).text
    assert len(everything.splitlines()) == 4
    first = user.get("/audit/events", params={"limit": 3}).json()
    rest = user.get("/audit/events", params={"cursor": first["next_cursor"]}).json()
    assert [len(first["items"]), len(rest["items"])] == [3, 1]


def test_a_trail_needs_a_token_and_is_nobody_elses(product: Product) -> None:
    product.user()  # the first account of an installation is its admin
    user, other = product.user(), product.user()
    task = user.post("/tasks", json={"title": "Mine"}).json()
    assert trail(user, product, task["id"], 1)
    address = f"/audit/tasks/{task['id']}"
    assert product.visitor().get(address).status_code == 401
    assert other.get(address).status_code == 404
    assert other.get("/audit/events").json()["items"] == []


async def test_nobody_changes_the_trail_not_even_its_owner(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            "INSERT INTO audit.task_events VALUES (gen_random_uuid(), 'task.created', "
            "gen_random_uuid(), gen_random_uuid(), now(), '{}', '', '2026-01-01', 'x', 1)"
        )
        for statement in (
            "UPDATE audit.task_events SET version = 2",
            "DELETE FROM audit.task_events",
            "TRUNCATE audit.task_events",
            "TRUNCATE audit.task_events_other",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
