"""What recurs comes back by itself: once, at the right time, and with its history."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from tests.product import Product

PATIENCE_SECONDS = 15
WEEKLY = {"title": "Water", "due_date": "2026-03-02T08:00:00Z", "recurrence": {"rule": "weekly"}}


def instances(user: httpx.Client, series_id: str, states: list[str]) -> list[dict[str, Any]]:
    """The series' instances, newest first, once they are in these states."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found: list[dict[str, Any]] = (
            user.get(f"/recurring/series/{series_id}").json().get("instances", [])
        )
        if [one["status"] for one in found] == states or time.monotonic() > deadline:
            return found


def test_completing_a_task_many_times_at_once_makes_one_next_instance(product: Product) -> None:
    user = product.user()
    task = user.post("/tasks", json=WEEKLY).json()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: user.post(f"/tasks/{task['id']}/complete"), range(8)))
    found = instances(user, task["series_id"], ["open", "done"])
    assert [one["status"] for one in found] == ["open", "done"]
    following = user.get(f"/tasks/{found[0]['task_id']}").json()
    assert following["due_date"][10:] == "T08:00:00Z"
    assert following["due_date"] > task["due_date"]
    assert following["version"] == 1
    assert user.get(f"/tasks/{task['id']}").json()["status"] == "completed"


def test_reopening_withdraws_a_next_instance_that_nobody_touched(product: Product) -> None:
    user = product.user()
    task = user.post("/tasks", json=WEEKLY).json()
    user.post(f"/tasks/{task['id']}/complete")
    instances(user, task["series_id"], ["open", "done"])
    user.post(f"/tasks/{task['id']}/reopen")
    found = instances(user, task["series_id"], ["withdrawn", "open"])
    assert [one["status"] for one in found] == ["withdrawn", "open"]


def test_deleting_the_open_instance_is_an_exception_and_the_next_appears(
    product: Product,
) -> None:
    user = product.user()
    task = user.post("/tasks", json=WEEKLY).json()
    user.delete(f"/tasks/{task['id']}")
    found = instances(user, task["series_id"], ["open", "deleted"])
    assert [one["status"] for one in found] == ["open", "deleted"]


def test_mode_completion_counts_from_when_it_was_done(product: Product) -> None:
    user = product.user()
    rule = {"rule": "custom:3d", "mode": "completion"}
    task = user.post("/tasks", json={**WEEKLY, "recurrence": rule}).json()
    done = {"completed_at": "2026-03-10T20:00:00Z"}
    user.post(f"/tasks/{task['id']}/complete", json=done)
    found = instances(user, task["series_id"], ["open", "done"])
    assert found[0]["occurrence_date"] == "2026-03-13"


def test_a_series_without_recurrence_has_ended(product: Product) -> None:
    user = product.user()
    task = user.post("/tasks", json=WEEKLY).json()
    user.patch(f"/tasks/{task['id']}", json={"recurrence": None})
    user.post(f"/tasks/{task['id']}/complete")
    found = instances(user, task["series_id"], ["done"])
    assert [one["status"] for one in found] == ["done"]


def test_a_preview_tells_why_an_occurrence_is_not_plain(product: Product) -> None:
    user = product.user()
    body = {"rule": "daily", "start": "2026-03-28T02:30", "timezone": "Europe/Berlin", "count": 2}
    shown = user.post("/recurring/preview", json=body).json()
    assert shown["text"] == "every day"
    assert shown["occurrences"][0] == {"at": "2026-03-28T02:30:00+01:00"}
    assert shown["occurrences"][1]["at"] == "2026-03-29T03:30:00+02:00"
    assert "does not exist" in shown["occurrences"][1]["reason"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MINUTELY",
        "nonsense",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;BYHOUR=9",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    ],
)
def test_a_bad_rule_is_answered_with_its_position(product: Product, rule: str) -> None:
    refused = product.user().post("/recurring/preview", json={"rule": rule, "start": "2026-01-01"})
    assert refused.status_code == 422
    assert "position" in refused.json()["errors"][0]


def test_somebody_elses_series_is_as_if_it_were_not_there(product: Product) -> None:
    owner, other = product.user(), product.user()
    task = owner.post("/tasks", json=WEEKLY).json()
    instances(owner, task["series_id"], ["open"])
    assert other.get(f"/recurring/series/{task['series_id']}").status_code == 404
