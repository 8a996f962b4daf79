"""What is done again and again is noticed, suggested once, and made a series in one call."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
from tests.product import Product

PATIENCE_SECONDS = 30
TIMES = 9
Items = list[dict[str, Any]]


def suggestions(user: httpx.Client) -> Items:
    answer = user.get("/recurring/suggestions")
    assert answer.status_code == 200, answer.text
    items: Items = answer.json()["items"]
    return items


def suggested(user: httpx.Client, count: int) -> Items:
    """What is suggested, once it is so many."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = suggestions(user)
        if len(found) == count or time.monotonic() > deadline:
            return found


def do(user: httpx.Client, title: str, days_ago: int, **fields: object) -> str:
    """A task that was done so many days ago."""
    task = user.post("/tasks", json={"title": title, **fields}).json()
    at = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()
    done = user.post(f"/tasks/{task['id']}/complete", json={"completed_at": at})
    assert done.status_code == 200, done.text
    return str(task["id"])


def weekly(user: httpx.Client, title: str, **fields: object) -> list[str]:
    return [do(user, f"{title} {week}", 7 * week, **fields) for week in reversed(range(TIMES))]


def test_a_habit_is_suggested_with_its_evidence_and_accepted_in_one_call(
    product: Product,
) -> None:
    user = product.user()
    tasks = weekly(user, "Water the plants", tags=["home"], priority="high")
    (found,) = suggested(user, 1)
    assert found["rule"].startswith("FREQ=WEEKLY;BYDAY=")
    assert found["text"] == f"every {datetime.now(UTC):%A}"
    assert [one["task_id"] for one in found["evidence"]] == tasks
    assert (found["due"], found["confidence"] > 0.9) == (TIMES, True)
    assert len(found["next"]) == 3
    assert found["why"].startswith("Done 9 of the 9 times that it was due since ")
    accept = f"/recurring/suggestions/{found['id']}/accept"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: user.post(accept), range(4)))
    assert [one.status_code for one in answers] == [200] * 4, answers[0].text
    (task,) = {one.json()["id"]: one.json() for one in answers}.values()
    assert (task["tags"], task["priority"]) == (["home"], "high")
    assert task["recurrence"]["rule"] == found["rule"]
    due = datetime.fromisoformat(task["due_date"])
    assert due == datetime.fromisoformat(found["next"][0])
    assert due.date() > datetime.now(UTC).date(), "it was done today"
    assert len(user.get(f"/tasks?series_id={task['series_id']}").json()["items"]) == 1
    assert suggestions(user) == []
    assert user.post(f"/recurring/suggestions/{found['id']}/dismiss").status_code == 204
    assert user.post(accept).json()["id"] == task["id"]
    user.delete(f"/tasks/{task['id']}")
    gone = user.post(accept)
    assert gone.status_code == 409
    assert f"{task['id']}, has been deleted" in gone.json()["detail"]


def test_what_was_dismissed_is_never_suggested_again_nor_anything_like_it(
    product: Product,
) -> None:
    user = product.user()
    weekly(user, "Pay the gardener")
    (found,) = suggested(user, 1)
    dismiss = f"/recurring/suggestions/{found['id']}/dismiss"
    assert [user.post(dismiss).status_code for _ in range(2)] == [204, 204]
    assert suggestions(user) == []
    assert user.post(dismiss.replace("dismiss", "accept")).status_code == 409
    weekly(user, "Paying the old gardener")
    weekly(user, "Call Anna")
    assert [one["title"].split()[0] for one in suggested(user, 1)] == ["Call"]


def test_what_recurs_already_is_not_suggested(product: Product) -> None:
    user = product.user()
    user.post("/tasks", json={"title": "Water plants", "recurrence": {"rule": "weekly"}})
    weekly(user, "Watering the plants")
    weekly(user, "Call Anna")
    assert [one["title"].split()[0] for one in suggested(user, 1)] == ["Call"]


def test_a_suggestion_goes_with_the_tasks_that_told_of_it(product: Product) -> None:
    user = product.user()
    tasks = weekly(user, "Water the plants")
    assert len(suggested(user, 1)) == 1
    user.post("/tasks/bulk", json={"delete": tasks[:6]})
    assert suggested(user, 0) == []


def test_reading_takes_one_scope_and_deciding_another(product: Product) -> None:
    user = product.user()
    weekly(user, "Water the plants")
    (found,) = suggested(user, 1)
    made = user.post("/auth/tokens", json={"name": "reader", "scopes": ["read"]}).json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    with httpx.Client(base_url=user.base_url, headers=headers) as reader:
        assert len(suggestions(reader)) == 1
        for verb in ("accept", "dismiss"):
            answer = reader.post(f"/recurring/suggestions/{found['id']}/{verb}")
            assert answer.status_code == 403
    assert len(suggestions(user)) == 1


def test_somebody_elses_suggestion_is_as_if_it_were_not_there(product: Product) -> None:
    user, other = product.user(), product.user()
    weekly(user, "Water the plants")
    (found,) = suggested(user, 1)
    assert suggestions(other) == []
    for verb in ("accept", "dismiss"):
        for one in (found["id"], uuid4()):
            assert other.post(f"/recurring/suggestions/{one}/{verb}").status_code == 404
    assert len(suggestions(user)) == 1
