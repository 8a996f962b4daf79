"""The live stream: nothing missed, nothing twice, also after coming back."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from tests.product import Product

Frame = dict[str, Any]


def frames(lines: Iterator[str]) -> Iterator[Frame]:
    """Server-sent events as they come."""
    frame: Frame = {}
    for line in lines:
        if not line and frame:
            yield frame
            frame = {}
        name, _, value = line.partition(": ")
        if name in ("event", "id"):
            frame[name] = value
        elif name == "data":
            frame["data"] = json.loads(value)


def take(user: httpx.Client, count: int, **parameters: str | int) -> list[Frame]:
    """The first frames of a stream, without the one that says ready."""
    with user.stream("GET", "/notifications/stream", params=parameters) as answer:
        assert answer.status_code == 200
        found = frames(answer.iter_lines())
        assert next(found)["event"] == "ready"
        return [next(found) for _ in range(count)]


def test_a_change_reaches_an_open_stream_and_the_list(product: Product) -> None:
    user = product.user()
    with user.stream("GET", "/notifications/stream") as answer:
        found = frames(answer.iter_lines())
        assert next(found) == {"event": "ready", "data": {"position": 0}}
        task = product_task(user, "Live")
        frame = next(found)
    assert (frame["event"], frame["id"]) == ("task.created", "1")
    assert frame["data"]["task"]["id"] == task["id"]
    listed = user.get("/notifications").json()
    assert [one["id"] for one in listed["items"]] == [1]
    assert listed["unread"] == 1
    assert user.post("/notifications/1/read").json() == {"unread": 0}
    assert user.post("/notifications/7/read").status_code == 404


def test_coming_back_gives_what_was_missed_once_and_in_order(product: Product) -> None:
    user = product.user()
    for number in range(12):
        product_task(user, f"t{number}")
    seen = take(user, 12, last_event_id=0)
    assert [frame["id"] for frame in seen] == [str(n) for n in range(1, 13)]
    assert [frame["id"] for frame in take(user, 5, last_event_id=7)] == ["8", "9", "10", "11", "12"]
    assert take(user, 1, last_event_id=99)[0]["event"] == "resync"


def test_a_fourth_stream_replaces_the_first(product: Product) -> None:
    user = product.user()
    with user.stream("GET", "/notifications/stream") as oldest:
        found = frames(oldest.iter_lines())
        next(found)
        for _ in range(3):
            other = product.visitor()
            other.headers.update(user.headers)
            stream = other.send(other.build_request("GET", "/notifications/stream"), stream=True)
            assert stream.status_code == 200
        assert next(found)["event"] == "replaced"
        assert next(found, None) is None


def test_a_ticket_opens_one_stream_and_no_other_identity_does(product: Product) -> None:
    user, visitor = product.user(), product.visitor()
    ticket = user.post("/notifications/ticket").json()["ticket"]
    assert take(visitor, 0, ticket=ticket) == []
    assert visitor.get("/notifications/stream", params={"ticket": ticket}).status_code == 401
    assert visitor.get("/notifications/stream", params={"user_id": "1"}).status_code == 401
    assert user.get("/notifications/stream", params={"last_event_id": "x"}).status_code == 422


def test_what_is_not_wanted_is_not_told_but_keeps_pages_up_to_date(product: Product) -> None:
    user = product.user()
    user.patch("/auth/me", json={"notification_preferences": {"level": "important"}})
    with user.stream("GET", "/notifications/stream", params={"changes": "all"}) as answer:
        found = frames(answer.iter_lines())
        next(found)
        product_task(user, "Low", "low")
        silent = next(found)
        product_task(user, "High", "high")
        told = next(found)
    assert silent["data"]["silent"] is True
    assert "id" not in silent
    assert told["id"] == "1"
    assert len(user.get("/notifications").json()["items"]) == 1


def product_task(user: httpx.Client, title: str, priority: str = "medium") -> dict[str, Any]:
    """A task that was made."""
    made: dict[str, Any] = user.post("/tasks", json={"title": title, "priority": priority}).json()
    return made


def test_a_burst_is_merged_per_task_and_loses_nothing(product: Product) -> None:
    user = product.user()
    tasks = [product_task(user, f"t{number}")["id"] for number in range(3)]
    soon = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
    user.patch(f"/tasks/{tasks[0]}", json={"reminders": [{"at": soon}]})
    told: list[Frame] = take(user, 4, last_event_id=0)
    assert [frame["id"] for frame in told] == ["1", "2", "3", "4"]
    told.clear()
    with user.stream("GET", "/notifications/stream") as answer:
        found = frames(answer.iter_lines())
        assert next(found)["data"]["position"] == 4
        for number in range(50):
            user.patch(f"/tasks/{tasks[number % 3]}", json={"title": f"n{number}"})
        while sum(1 + frame["data"].get("merged", 0) for frame in told) < 51:
            told.append(next(found))
    ids = [int(frame["id"]) for frame in told]
    assert ids == sorted(set(ids))
    assert ids[-1] == 55
    newest = {frame["data"]["task_id"]: frame["data"]["task"]["title"] for frame in told}
    assert newest == {tasks[0]: "n48", tasks[1]: "n49", tasks[2]: "n47"}
    reminders = [frame for frame in told if frame["event"] == "reminder.triggered"]
    assert len(reminders) == 1
    assert "merged" not in reminders[0]["data"]
