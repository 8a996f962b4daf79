"""Somebody else's id is as good as none, on every route that takes one, and lists leak nothing."""

import base64
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx
import pytest
from tests.contracts.operations import Operation, operations, wrong
from tests.product import Product

PATIENCE_SECONDS = 30
# What was done so many weeks in a row is suggested.
WEEKS = 9
TASK = {
    "title": "Anna's secret",
    "tags": ["private"],
    "due_date": "2035-01-01T09:00:00Z",
    "recurrence": {"rule": "FREQ=DAILY"},
    "reminders": [{"offset": "PT1H"}],
}
# What each parameter in a path names; a new one must be named here, with an id of its kind.
KINDS = {
    "task_id": "task",
    "series_id": "series",
    "suggestion_id": "suggestion",
    "reminder_id": "reminder",
    "notification_id": "notification",
    "token_id": "token",
    "channel_id": "channel",
    "delivery_id": "event",
}
# Operations that are no use without more in their body.
BODIES: dict[str, dict[str, Any]] = {
    "PUT /api/v1/tasks/{task_id}": {"title": "Bob's"},
    "PATCH /api/v1/tasks/{task_id}": {"title": "Bob's"},
    "POST /api/v1/reminders/{reminder_id}/snooze": {"for": "PT10M"},
    "PATCH /api/v1/recurring/series/{series_id}": {"scope": "all", "changes": {"title": "Bob's"}},
    "PATCH /api/v1/reminders/channels/{channel_id}": {"is_on": False},
    "POST /api/v1/reminders/channels/{channel_id}/verify": {"code": "00000000"},
}


class Somebody(NamedTuple):
    """An account, and the ids of what it has."""

    client: httpx.Client
    user_id: str
    ids: dict[str, str]

    def state(self) -> list[Any]:
        """All that it can see of its own."""
        paths = (
            "/tasks", "/tasks?status=deleted", "/recurring/series", "/recurring/suggestions",
            "/reminders", "/reminders/channels",
            "/notifications", "/audit/events", "/auth/me", "/auth/tokens",
        )  # fmt: skip
        return [self.client.get(path).json() for path in paths]


def first(client: httpx.Client, path: str, at_least: int = 1, evidence: int = 0) -> dict[str, Any]:
    """The first of a list, once it has so many, and that one so much evidence."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        items: list[dict[str, Any]] = client.get(path).json()["items"]
        has_enough = len(items) >= at_least and len(items[0].get("evidence", ())) >= evidence
        if has_enough or time.monotonic() > deadline:
            return items[0]


def somebody(product: Product) -> Somebody:
    client = product.user()
    task = client.post("/tasks", json=TASK).json()
    token = client.post("/auth/tokens", json={"name": "hers"}).json()
    webhook = {"kind": "webhook", "url": "https://example.com/hers"}
    channel = client.post("/reminders/channels", json=webhook).json()["channel"]
    for week in range(WEEKS):
        feed = client.post("/tasks", json={"title": "Feed Anna's secret cat"}).json()
        at = datetime.now(UTC) - timedelta(weeks=week)
        client.post(f"/tasks/{feed['id']}/complete", json={"completed_at": at.isoformat()})
    ids = {
        "task": task["id"],
        "series": first(client, "/recurring/series")["id"],
        "suggestion": first(client, "/recurring/suggestions", evidence=WEEKS)["id"],
        "reminder": first(client, "/reminders")["id"],
        "notification": str(first(client, "/notifications")["id"]),
        "token": token["id"],
        "channel": channel["id"],
        "event": first(client, "/audit/events")["event_id"],
    }
    return Somebody(client, client.get("/auth/me").json()["id"], ids)


@pytest.fixture(scope="module")
def anna(product: Product) -> Somebody:
    return somebody(product)


@pytest.fixture(scope="module")
def bob(product: Product) -> httpx.Client:
    return product.user()


@pytest.fixture(scope="module")
def with_ids(product: Product) -> list[Operation]:
    return [one for one in operations(product) if one.of("path")]


def test_the_kind_of_every_id_is_known(with_ids: list[Operation]) -> None:
    assert {one["name"] for operation in with_ids for one in operation.of("path")} <= set(KINDS)
    assert len(with_ids) > 8


def test_somebody_elses_id_is_404_and_looks_like_none(
    with_ids: list[Operation], anna: Somebody, bob: httpx.Client
) -> None:
    before = anna.state()
    for one in with_ids:
        hers = {name["name"]: anna.ids[KINDS[name["name"]]] for name in one.of("path")}
        if set(hers) == {"notification_id"}:
            continue  # Notifications are counted for each user; see below.
        nobodys = {name: str(uuid4()) for name in hers}
        answers = [
            one.send(bob, one.url(**ids), json=BODIES.get(one.name, {}))
            if one.takes_body
            else one.send(bob, one.url(**ids))
            for ids in (hers, nobodys)
        ]
        assert wrong(answers[0], 404) is None, (one.name, answers[0].text)
        assert anonymous(answers[0], hers) == anonymous(answers[1], nobodys), one.name
    assert anna.state() == before


def anonymous(answer: httpx.Response, ids: dict[str, str]) -> tuple[int, str]:
    """An answer without the id that was asked for, which the caller knows anyway."""
    text = answer.text
    for one in ids.values():
        text = text.replace(one, "…")
    return answer.status_code, text


def test_a_number_of_somebody_elses_notification_is_none_of_mine(
    anna: Somebody, bob: httpx.Client
) -> None:
    answer = bob.post(f"/notifications/{anna.ids['notification']}/read")
    assert wrong(answer, 404) is None
    assert first(anna.client, "/notifications")["read_at"] is None


@pytest.mark.parametrize("kind", ["atomic", "each on its own"])
def test_a_bulk_reaches_nothing_of_somebody_else(
    anna: Somebody, bob: httpx.Client, kind: str
) -> None:
    task_id, before, atomic = anna.ids["task"], anna.state(), kind == "atomic"
    wish = {"complete": [task_id], "delete": [task_id], "update": [{"id": task_id, "title": "B"}]}
    answer = bob.post("/tasks/bulk", json={**wish, "atomic": atomic})
    if atomic:
        assert wrong(answer, 422) is None
    else:
        assert [one["status"] for one in answer.json()["results"]] == [404] * 3
    assert "secret" not in answer.text
    assert anna.state() == before


def test_filters_show_nothing_of_somebody_else(anna: Somebody, bob: httpx.Client) -> None:
    ids = anna.ids
    for path in (
        f"/tasks?series_id={ids['series']}",
        f"/tasks?series_id={ids['series']}&status=deleted",
        f"/reminders?task_id={ids['task']}",
        "/tasks?tag=private",
        "/tasks?q=secret",
        "/audit/events",
        f"/audit/events?actor={anna.user_id}",
        "/notifications",
        "/recurring/series",
        "/recurring/suggestions",
    ):
        answer = bob.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.json()["items"] == [], path
    assert wrong(bob.get(f"/audit/events?user_id={anna.user_id}"), 404) is None
    lines = bob.get("/audit/events", headers={"Accept": "application/x-ndjson"})
    assert lines.text == ""


LISTS: dict[str, Callable[[Somebody], str]] = {
    "tasks": lambda _: "/tasks?limit=1",
    "tasks by title": lambda _: "/tasks?limit=1&sort=title",
    "reminders": lambda _: "/reminders?limit=1",
    "series": lambda _: "/recurring/series?limit=1",
    "history": lambda who: f"/recurring/series/{who.ids['series']}/history?limit=1",
    "notifications": lambda _: "/notifications?limit=1",
    "audit": lambda _: "/audit/events?limit=1",
    "audit of a task": lambda who: f"/audit/tasks/{who.ids['task']}?limit=1",
}


@pytest.fixture(scope="module")
def cursors(anna: Somebody) -> dict[str, str]:
    """A true cursor of each of Anna's lists."""
    anna.client.post("/tasks", json=TASK)
    anna.client.post(f"/recurring/series/{anna.ids['series']}/skip")
    anna.client.patch(f"/tasks/{anna.ids['task']}", json={"description": "changed"})
    for path in ("/reminders", "/recurring/series", "/notifications", "/audit/events"):
        first(anna.client, path, at_least=2)
    first(anna.client, f"/audit/tasks/{anna.ids['task']}", at_least=2)
    found = {
        name: anna.client.get(path(anna)).json()["next_cursor"] for name, path in LISTS.items()
    }
    assert None not in found.values()
    return found


def test_a_cursor_of_one_list_is_none_of_another(anna: Somebody, cursors: dict[str, str]) -> None:
    for name, path in LISTS.items():
        for of, cursor in cursors.items():
            answer = anna.client.get(f"{path(anna)}&cursor={cursor}")
            if of == name:
                assert answer.status_code == 200, (name, answer.text)
            else:
                assert wrong(answer, 422) is None, (name, of, answer.text)


def test_somebody_elses_cursor_shows_nothing_of_theirs(
    anna: Somebody, bob: httpx.Client, cursors: dict[str, str]
) -> None:
    for name, cursor in cursors.items():
        answer = bob.get(f"{LISTS[name](anna)}&cursor={cursor}")
        assert answer.status_code in {200, 404}
        assert answer.json().get("items", []) == [], name


PLACES = (
    "", "[]", "[1]", "null", '"x"', "{}", '["%s"]', '["%s",null,null]', '["%s",1]', '["%s","x"]',
    '["%s",9223372036854775808]', '["%s",-9223372036854775809]', '["%s",-1]', '["%s",1e400]',
    '["%s",1,"{id}"]', '["%s",2147483648,"{id}"]', '["%s","x","{id}"]', '["%s","{id}","{id}"]',
    '["%s","0001-01-01T00:00:00+14:00","{id}"]', '["%s","9999-12-31T23:59:59-14:00","{id}"]',
    '["%s","2020-01-01T00:00:00","{id}"]', '["%s","now","{id}"]', '["%s","\\u0000","{id}"]',
    '["%s","\\ud800","{id}"]', '["%s","2020-02-30 00:00:00+00","{id}"]', "[" * 20_000,
)  # fmt: skip


def forged(names: tuple[str, ...]) -> Iterator[str]:
    yield from ("", "x", "=", "%00", "%ff", "é", "a" * 5_000)
    for name in names:
        for place in PLACES:
            text = place.replace("%s", name).replace("{id}", str(UUID(int=0)))
            yield base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") or "="


def test_a_forged_cursor_is_422_or_an_honest_place_in_ones_own_list(
    anna: Somebody, bob: httpx.Client
) -> None:
    for name, path in LISTS.items():
        for cursor in forged(("", {"tasks": "tasks by -created_at"}.get(name, name))):
            answer = anna.client.get(f"{path(anna)}&cursor={cursor}")
            assert answer.status_code in {200, 422}, (name, cursor, answer.text)
            assert bob.get(f"{path(anna)}&cursor={cursor}").json().get("items", []) == []


def test_an_admin_sees_all_of_the_trail_and_nothing_else(
    product: Product, anna: Somebody, with_ids: list[Operation]
) -> None:
    admin = product.admin()
    assert admin.get("/auth/me").json()["role"] == "admin"
    before = anna.state()
    trail = admin.get(f"/audit/tasks/{anna.ids['task']}")
    assert trail.json()["items"][0]["task_id"] == anna.ids["task"]
    assert admin.get(f"/audit/events?user_id={anna.user_id}").json()["items"] != []
    for one in with_ids:
        ids = {name["name"]: anna.ids[KINDS[name["name"]]] for name in one.of("path")}
        if "/audit/" not in one.path and set(ids) != {"notification_id"}:
            request = {"json": BODIES.get(one.name, {})} if one.takes_body else {}
            assert wrong(one.send(admin, one.url(**ids), **request), 404) is None, one.name
    assert anna.state() == before


def test_an_admins_token_without_that_scope_sees_no_more_than_a_user(
    product: Product, anna: Somebody
) -> None:
    admin = product.admin()
    scopes = ["read", "write"]
    made = admin.post("/auth/tokens", json={"name": "plain", "scopes": scopes}).json()
    with httpx.Client(headers={"Authorization": f"Bearer {made['token']}"}) as plain:
        url = f"{product.url}/api/v1/audit"
        assert wrong(plain.get(f"{url}/tasks/{anna.ids['task']}"), 404) is None
        assert wrong(plain.get(f"{url}/events?user_id={anna.user_id}"), 404) is None
        found = plain.get(f"{url}/events").json()["items"]
        assert [one for one in found if one["user_id"] == anna.user_id] == []


def test_nobody_may_have_a_token_that_does_more_than_they(bob: httpx.Client) -> None:
    answer = bob.post("/auth/tokens", json={"name": "more", "scopes": ["read", "admin"]})
    assert wrong(answer, 403) is None
