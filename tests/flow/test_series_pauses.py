"""A pause of a series is told, and leaves its open task as untouched as it was."""

from typing import Any

import httpx
import pytest
from tests.flow.test_series import begun, done, open_dates, path, until
from tests.product import Product

# Its second occurrence is far away, so that no other one appears meanwhile.
PILING = {"rule": "FREQ=YEARLY;INTERVAL=20", "policy": "pile_up"}


@pytest.fixture
def user(product: Product) -> httpx.Client:
    return product.user()


def test_a_pause_is_told_as_a_change_of_the_open_task_by_whoever_paused(
    user: httpx.Client,
) -> None:
    task = begun(user)
    paused = user.post(path(task, "/pause")).json()["series"]["paused_at"]
    user.post(path(task, "/pause"))
    user.post(path(task, "/resume"))

    def told() -> list[tuple[str, int, Any]]:
        events = user.get(f"/audit/tasks/{task['id']}").json().get("items", [])
        updates = [one for one in events if one["event_type"] == "task.updated"]
        return [(one["actor"]["type"], one["version"], one["changes"]) for one in updates]

    changes = [{"series_paused_at": {"old": None, "new": paused}}]
    changes.append({"series_paused_at": {"old": paused, "new": None}})
    expected = [("user", version, change) for version, change in enumerate(changes, start=2)]
    assert until(told, expected) == expected


def test_a_task_that_was_only_paused_is_still_taken_back(user: httpx.Client) -> None:
    first = begun(user)
    second = done(user, first, "2041-01-14T09:00:00Z")
    user.post(path(second, "/pause"))
    user.post(path(second, "/resume"))
    user.post(f"/tasks/{first['id']}/reopen")
    assert until(lambda: open_dates(user, first), [first["due_date"]]) == [first["due_date"]]


def test_a_pause_is_told_as_well_while_no_task_is_open(user: httpx.Client) -> None:
    """Whoever has done all that has piled up goes on holiday."""
    task = begun(user, due_date="2026-01-05T09:00:00Z", recurrence=PILING)
    user.post(f"/tasks/{task['id']}/complete")
    assert open_dates(user, task) == []
    paused = user.post(path(task, "/pause")).json()["series"]["paused_at"]
    user.post(path(task, "/resume"))

    def told() -> list[Any]:
        events = user.get(f"/audit/tasks/{task['id']}").json().get("items", [])
        return [(one["actor"]["type"], one["changes"]) for one in events[2:]]

    changes = [{"series_paused_at": {"old": None, "new": paused}}]
    changes.append({"series_paused_at": {"old": paused, "new": None}})
    expected = [("user", change) for change in changes]
    assert until(told, expected) == expected
