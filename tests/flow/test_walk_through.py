"""The product over HTTP, as somebody uses it."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from tests.product import Product

TASK = {
    "title": "Test Task",
    "description": "Testing Phase V",
    "priority": "high",
    "due_date": "2026-01-24T10:00:00Z",
}


@pytest.fixture
def user(product: Product) -> httpx.Client:
    return product.user()


def test_the_walk_through_of_the_original_design(product: Product, user: httpx.Client) -> None:
    assert httpx.get(f"{product.url}/health").json()["status"] == "ok"
    assert httpx.get(f"{product.url}/health/ready").json()["status"] == "ready"
    made = user.post("/tasks", json=TASK)
    assert made.status_code == 201
    task = made.json()
    assert {name: task[name] for name in TASK} == TASK
    assert made.headers["etag"] == '"1"'
    assert user.get(made.headers["location"].removeprefix("/api/v1")).json() == task


def test_the_page_and_the_documentation_are_served(product: Product) -> None:
    page = httpx.get(product.url)
    assert "TaskFlow" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "/api/v1/tasks" in httpx.get(f"{product.url}/docs").text
    assert "taskflow_outbox_pending" in httpx.get(f"{product.url}/metrics").text


def test_completing_twice_changes_nothing_and_reopening_undoes_it(user: httpx.Client) -> None:
    task = user.post("/tasks", json=TASK).json()
    done = user.post(f"/tasks/{task['id']}/complete").json()
    assert (done["status"], done["version"]) == ("completed", 2)
    assert user.post(f"/tasks/{task['id']}/complete").json() == done
    assert user.post(f"/tasks/{task['id']}/reopen").json()["completed_at"] is None


def test_a_deleted_task_is_in_the_trash_and_can_be_restored(user: httpx.Client) -> None:
    task = user.post("/tasks", json=TASK).json()
    assert user.delete(f"/tasks/{task['id']}").status_code == 204
    assert user.delete(f"/tasks/{task['id']}").status_code == 204
    assert user.get(f"/tasks/{task['id']}").status_code == 404
    trash = user.get("/tasks", params={"status": "deleted"}).json()["items"]
    assert [one["id"] for one in trash] == [task["id"]]
    assert user.post(f"/tasks/{task['id']}/restore").status_code == 200
    assert user.get(f"/tasks/{task['id']}").json()["deleted_at"] is None


def test_a_stale_write_is_refused_and_changes_nothing(user: httpx.Client) -> None:
    task = user.post("/tasks", json=TASK).json()
    address = f"/tasks/{task['id']}"
    assert (
        user.patch(address, json={"title": "New"}, headers={"If-Match": '"1"'}).status_code == 200
    )
    stale = user.patch(address, json={"title": "Old"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert user.get(address).json()["title"] == "New"


def test_an_idempotency_key_creates_once_and_refuses_another_body(user: httpx.Client) -> None:
    headers = {"Idempotency-Key": "once"}
    first = user.post("/tasks", json=TASK, headers=headers)
    again = user.post("/tasks", json=TASK, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert user.post("/tasks", json={"title": "x"}, headers=headers).status_code == 409
    assert len(user.get("/tasks").json()["items"]) == 1


def test_pages_hold_still_while_tasks_come_in(user: httpx.Client) -> None:
    for number in range(7):
        user.post(
            "/tasks", json={"title": f"t{number}", "priority": "high" if number % 2 else "low"}
        )
    for sort in ("created_at", "-created_at", "title", "-title", "due_date", "-priority"):
        seen, cursor = [], None
        while True:
            parameters = {"limit": "2", "sort": sort} | ({"cursor": cursor} if cursor else {})
            page = user.get("/tasks", params=parameters).json()
            seen += [one["title"] for one in page["items"] if one["title"].startswith("t")]
            user.post("/tasks", json={"title": f"late {len(seen)}"})
            if (cursor := page["next_cursor"]) is None or len(seen) >= 7:
                break
        assert sorted(seen) == [f"t{number}" for number in range(7)]


def test_full_text_finds_words_by_their_beginning(user: httpx.Client) -> None:
    user.post("/tasks", json={"title": "Water the plants", "description": "on the balcony"})
    user.post("/tasks", json={"title": "Call Bob"})
    found = user.get("/tasks", params={"q": "balc plant"}).json()["items"]
    assert [one["title"] for one in found] == ["Water the plants"]
    assert user.get("/tasks", params={"q": "!!!"}).json()["items"] == []


def test_a_bulk_does_what_it_can_or_with_atomic_nothing(user: httpx.Client) -> None:
    body = {"create": [{"title": "a"}, {"titel": "b"}]}
    results = user.post("/tasks/bulk", json=body).json()["results"]
    assert [one["status"] for one in results] == [201, 422]
    refused = user.post("/tasks/bulk", json={**body, "atomic": True})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"].startswith("create[1]")
    assert len(user.get("/tasks").json()["items"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": ""}, "title"),
        ({"title": "x" * 256}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"title": "x", "colour": "red"}, "colour"),
        ({"title": "x", "priority": "huge"}, "priority"),
        ({"title": "x", "due_date": "2026-01-24T10:00:00"}, "due_date"),
        ({"title": "x", "due_date": "tomorrow"}, "due_date"),
        ({"title": "x", "timezone": "Mars/Base"}, "timezone"),
        ({"title": "x", "tags": ["t"] * 21}, "tags"),
        ({"title": "x", "recurrence": {"rule": "FREQ=SECONDLY"}}, "recurrence.rule"),
        (
            {"title": "x", "recurrence": {"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}},
            "recurrence.rule",
        ),
        ({"title": "x", "reminders": [{"offset": "PT1H"}]}, "reminders"),
        ({"title": "x", "reminders": [{"at": "2001-01-01T00:00:00Z"}]}, "reminders[0].at"),
    ],
)
def test_bad_input_names_its_field_and_changes_nothing(
    user: httpx.Client, body: dict[str, object], field: str
) -> None:
    refused = user.post("/tasks", json=body)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["errors"][0]["field"] == field
    assert user.get("/tasks").json()["items"] == []


def test_wrong_requests_get_the_answer_of_the_contract(
    product: Product, user: httpx.Client
) -> None:
    json = {"content-type": "application/json"}
    assert user.post("/tasks", content="{", headers=json).status_code == 400
    assert user.post("/tasks", content="title=x").status_code == 415
    assert user.post("/tasks", content=b" " * 1_100_000, headers=json).status_code == 413
    assert user.put("/tasks").status_code == 405
    assert user.get("/nothing").status_code == 404
    assert user.get("/tasks/123").status_code == 422
    anonymous = product.visitor().get("/tasks")
    assert (anonymous.status_code, anonymous.headers["www-authenticate"][:6]) == (401, "Bearer")


def test_somebody_elses_task_is_as_if_it_were_not_there(
    product: Product, user: httpx.Client
) -> None:
    task = user.post("/tasks", json=TASK).json()
    other = product.user()
    address = f"/tasks/{task['id']}"
    assert other.get(address).status_code == 404
    assert other.patch(address, json={"title": "mine"}).status_code == 404
    assert other.post(f"{address}/complete").status_code == 404
    assert other.delete(address).status_code == 404
    assert user.get(address).json() == task


def test_a_refresh_token_used_twice_ends_the_session(product: Product) -> None:
    visitor = product.visitor()
    account = {"email": "refresh@example.com", "password": "Test123!"}
    visitor.post("/auth/register", json={**account, "name": "R"})
    first = visitor.post("/auth/login", json=account).json()
    body = {"refresh_token": first["refresh_token"]}
    second = visitor.post("/auth/refresh", json=body)
    assert second.status_code == 200
    assert visitor.post("/auth/refresh", json=body).status_code == 401
    again = {"refresh_token": second.json()["refresh_token"]}
    assert visitor.post("/auth/refresh", json=again).status_code == 401


def test_a_personal_token_may_what_its_scopes_say_until_it_is_deleted(
    product: Product, user: httpx.Client
) -> None:
    made = user.post("/auth/tokens", json={"name": "reader", "scopes": ["read"]}).json()
    reader = product.visitor()
    reader.headers["Authorization"] = f"Bearer {made['token']}"
    assert reader.get("/tasks").status_code == 200
    assert reader.post("/tasks", json=TASK).status_code == 403
    assert "token" not in user.get("/auth/tokens").json()["items"][0]
    assert user.delete(f"/auth/tokens/{made['id']}").status_code == 204
    assert reader.get("/tasks").status_code == 401


def test_the_session_cookie_serves_our_page_and_no_other(product: Product) -> None:
    visitor = product.visitor()
    account = {"email": "cookie@example.com", "password": "Test123!"}
    visitor.post("/auth/register", json={**account, "name": "C"})
    visitor.post("/auth/login", json=account)
    assert visitor.post("/tasks", json=TASK, headers={"Origin": product.url}).status_code == 201
    evil = {"Origin": "https://evil.example"}
    assert visitor.post("/tasks", json=TASK, headers=evil).status_code == 403
    assert visitor.post("/auth/logout").status_code == 204
    visitor.cookies.clear()
    assert visitor.get("/tasks").status_code == 401


def test_erasing_an_account_ends_it(user: httpx.Client) -> None:
    user.post("/tasks", json=TASK)
    assert user.delete("/auth/me").status_code == 204
    assert user.get("/tasks").status_code == 401


def test_a_recurring_task_begins_a_series(user: httpx.Client) -> None:
    due = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    task = user.post(
        "/tasks", json={"title": "x", "due_date": due, "recurrence": {"rule": "daily"}}
    ).json()
    assert task["recurrence"]["rule"] == "FREQ=DAILY"
    assert task["series_id"] is not None
    assert task["occurrence_date"] == due[:10]
