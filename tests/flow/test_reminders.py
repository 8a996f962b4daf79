"""Reminders come at their time, once, also after the process was away."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from tests.product import Product

PATIENCE_SECONDS = 20


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def reminders(user: httpx.Client, statuses: list[str]) -> list[dict[str, Any]]:
    """The user's reminders, once they have these statuses."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found: list[dict[str, Any]] = user.get("/reminders").json()["items"]
        if [one["status"] for one in found] == statuses or time.monotonic() > deadline:
            return found


def test_a_reminder_fires_at_its_time_and_is_told_once(product: Product) -> None:
    user = product.user()
    body = {"title": "Tea", "due_date": soon(3602), "reminders": [{"offset": "PT1H"}]}
    user.post("/tasks", json=body)
    found = reminders(user, ["sent"])
    assert found[0]["status"] == "sent"
    deadline = time.monotonic() + PATIENCE_SECONDS
    told: list[str] = []
    while "reminder.triggered" not in told and time.monotonic() < deadline:
        told = [one["event_type"] for one in user.get("/notifications").json()["items"]]
    assert told.count("reminder.triggered") == 1


def test_completing_cancels_and_reopening_plans_again(product: Product) -> None:
    user = product.user()
    body = {"title": "Tea", "due_date": soon(9000), "reminders": [{"offset": "PT1H"}]}
    task = user.post("/tasks", json=body).json()
    assert [one["status"] for one in reminders(user, ["pending"])] == ["pending"]
    user.post(f"/tasks/{task['id']}/complete")
    cancelled = reminders(user, ["cancelled"])
    assert cancelled[0]["reason"] == "the task was completed"
    user.post(f"/tasks/{task['id']}/reopen")
    assert [one["status"] for one in reminders(user, ["pending"])] == ["pending"]


def test_an_offset_whose_moment_has_passed_is_kept_with_its_reason(product: Product) -> None:
    user = product.user()
    body = {"title": "Tea", "due_date": soon(60), "reminders": [{"offset": "PT1H"}]}
    user.post("/tasks", json=body)
    found = reminders(user, ["cancelled"])
    assert found[0]["reason"] == "its time had already passed"


def test_a_snoozed_reminder_fires_again_and_an_acknowledged_one_does_not(
    product: Product,
) -> None:
    user = product.user()
    user.post("/tasks", json={"title": "Tea", "reminders": [{"at": soon(9000)}]})
    reminder = reminders(user, ["pending"])[0]
    address = f"/reminders/{reminder['id']}"
    assert user.post(f"{address}/snooze", json={"for": "PT0S"}).status_code == 422
    assert user.post(f"{address}/snooze", json={"for": "PT2S"}).status_code == 200
    assert [one["status"] for one in reminders(user, ["sent"])] == ["sent"]
    assert user.post(f"{address}/acknowledge").json()["status"] == "acknowledged"
    assert product.user().post(f"{address}/acknowledge").status_code == 404


def test_what_was_due_while_the_process_was_away_fires_at_start(open_dir: Path) -> None:
    product = Product(open_dir / "away")
    product.start()
    user = product.user()
    user.post("/tasks", json={"title": "Tea", "reminders": [{"at": soon(3)}]})
    assert [one["status"] for one in reminders(user, ["pending"])] == ["pending"]
    product.kill()
    time.sleep(4.5)
    product.start()
    found = reminders(user, ["sent"])
    assert found[0]["status"] == "sent"
    assert found[0]["late_by_seconds"] >= 1
    assert product.stop() == 0


def test_a_reminder_of_a_completed_task_cannot_be_snoozed_back_to_life(product: Product) -> None:
    user = product.user()
    task = user.post("/tasks", json={"title": "Tea", "reminders": [{"at": soon(1)}]}).json()
    reminder = reminders(user, ["sent"])[0]
    user.post(f"/tasks/{task['id']}/complete")
    address = f"/reminders/{reminder['id']}/snooze"
    deadline = time.monotonic() + PATIENCE_SECONDS
    answer = user.post(address, json={"for": "P30D"})
    while answer.status_code == 200 and time.monotonic() < deadline:
        answer = user.post(address, json={"for": "P30D"})
    assert answer.status_code == 409
    assert answer.json()["detail"].endswith("the task was completed")


def test_seeing_a_reminder_twice_changes_nothing_and_a_snooze_brings_it_back(
    product: Product,
) -> None:
    user = product.user()
    user.post("/tasks", json={"title": "Tea", "reminders": [{"at": soon(1)}]})
    address = f"/reminders/{reminders(user, ['sent'])[0]['id']}"
    seen = [user.post(f"{address}/acknowledge").json() for _ in range(2)]
    assert seen[0] == seen[1]
    assert user.post(f"{address}/snooze", json={"for": "PT1H"}).json()["status"] == "pending"
