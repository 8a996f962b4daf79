"""A reminder goes out by a person's webhook; its log tells so, and it can be sent once more."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.product import Product
from tests.taking import Receiver

PATIENCE_SECONDS = 30


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, daemon=True)
        thread.start()
        yield receiver
        receiver.shutdown()


@pytest.fixture(scope="module")
def place(open_dir: Path) -> Iterator[Product]:
    """An installation that may call this machine."""
    place = Product(open_dir / "log", {"TASKFLOW_OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8"})
    place.start()
    yield place
    assert place.stop() == 0


def until(found: Callable[[], Any]) -> Any:
    """What is found, as soon as it is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (what := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return what


def reminded(user: httpx.Client, url: str) -> tuple[str, str]:
    """A person's webhook and the task that they are reminded of in a moment."""
    hook = user.post("/reminders/channels", json={"kind": "webhook", "url": url}).json()
    soon = (datetime.now(UTC) + timedelta(seconds=1.5)).isoformat()
    task = user.post("/tasks", json={"title": "Water", "reminders": [{"at": soon}]}).json()
    return hook["channel"]["id"], task["id"]


def log(user: httpx.Client, channel: str, **query: Any) -> dict[str, Any]:
    answer = user.get(f"/reminders/channels/{channel}/deliveries", params=query)
    assert answer.status_code == HTTPStatus.OK, answer.text
    page: dict[str, Any] = answer.json()
    return page


def test_what_a_webhook_was_given_is_told_and_can_be_sent_again_under_its_id(
    place: Product, receiver: Receiver
) -> None:
    user = place.user()
    channel, task = reminded(user, receiver.url)
    (first,) = until(lambda: log(user, channel)["items"])
    assert (first["result"], first["state"], first["task_id"]) == ("delivered", "delivered", task)
    sent = [headers["webhook-id"] for headers, _ in receiver.calls]
    assert sent == [first["delivery_id"]]
    user.post(f"/tasks/{task}/complete").raise_for_status()
    again = f"/reminders/channels/{channel}/deliveries/{first['delivery_id']}/redeliver"
    assert user.post(again).json() == {"delivery_id": first["delivery_id"], "state": "waiting"}
    items = until(lambda: (found := log(user, channel)["items"])[1:] and found)
    assert [one["result"] for one in items] == ["delivered", "delivered"]
    page = log(user, channel, limit=1)
    assert page["items"] == items[:1]
    assert log(user, channel, cursor=page["next_cursor"])["items"] == items[1:]
    sent = [headers["webhook-id"] for headers, _ in receiver.calls]
    assert sent == [first["delivery_id"]] * 2
    (reminder,) = user.get("/reminders", params={"task_id": task}).json()["items"]
    steps = user.get(f"/reminders/{reminder['id']}/timeline").json()["items"]
    told = [one["what"] for one in steps if one["channel"] not in (None, "page")]
    assert told == ["delivered", "redelivered", "delivered"]
    (shown,) = user.get("/reminders/channels").json()["items"]
    assert shown["last_result"]["is_delivered"]


def test_what_was_never_given_to_a_channel_is_not_sent_by_it(
    place: Product, receiver: Receiver
) -> None:
    user, other = place.user(), place.user()
    channel, _ = reminded(user, receiver.url)
    (first,) = until(lambda: log(user, channel)["items"])
    theirs = {"kind": "webhook", "url": receiver.url}
    second = user.post("/reminders/channels", json=theirs).json()["channel"]["id"]
    name = first["delivery_id"]
    assert user.post(f"/reminders/channels/{second}/deliveries/{name}/redeliver").status_code == 404
    foreign = other.post(f"/reminders/channels/{channel}/deliveries/{name}/redeliver")
    assert foreign.status_code == 404
    assert other.get(f"/reminders/channels/{channel}/deliveries").status_code == 404
    user.patch(f"/reminders/channels/{channel}", json={"is_on": False}).raise_for_status()
    off = user.post(f"/reminders/channels/{channel}/deliveries/{name}/redeliver")
    assert (off.status_code, off.json()["detail"]) == (
        409, "the channel is off: its owner turned it off",
    )  # fmt: skip
    assert len(receiver.calls) == 1


def test_somebody_who_sends_again_too_often_is_told_when_to_try_again(
    place: Product, receiver: Receiver
) -> None:
    user = place.user()
    hook = {"kind": "webhook", "url": receiver.url}
    channel = user.post("/reminders/channels", json=hook).json()["channel"]["id"]
    again = f"/reminders/channels/{channel}/deliveries/{uuid4()}/redeliver"
    answers = [user.post(again) for _ in range(6)]
    assert [one.status_code for one in answers] == [404] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
