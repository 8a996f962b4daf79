"""A floating task is due at the same time on the wall of wherever its owner is."""

import time
from typing import Any

import httpx
import pytest
from tests.product import Product

PATIENCE_SECONDS = 15
DAILY = {
    "title": "Stretch",
    "due_date": "2027-07-01T07:00:00Z",
    "timezone": "floating",
    "recurrence": {"rule": "daily", "exdates": ["2027-07-03T07:00:00Z"]},
    "reminders": [{"offset": "PT1H"}],
}


@pytest.fixture
def user(product: Product) -> httpx.Client:
    user = product.user()
    moved_to(user, "Europe/Berlin")
    return user


def moved_to(user: httpx.Client, zone: str) -> None:
    assert user.patch("/auth/me", json={"timezone": zone}).status_code == 200


def made(user: httpx.Client, **fields: object) -> dict[str, Any]:
    answer = user.post("/tasks", json=fields)
    assert answer.status_code == 201, answer.text
    task: dict[str, Any] = answer.json()
    return task


def shown(user: httpx.Client, task: dict[str, Any]) -> tuple[str, str, bool, int]:
    found = user.get(f"/tasks/{task['id']}").json()
    return found["due_date"], found["timezone"], found["floating"], found["version"]


def eventually(user: httpx.Client, path: str, wanted: object, *keys: str | int) -> object:
    """What stands at a place of an answer, once it is what is wanted, or patience has ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found: Any = user.get(path).json()
        try:
            for key in keys:
                found = found[key]
        except (KeyError, IndexError):
            found = None
        if found == wanted or time.monotonic() > deadline:
            return found


def test_a_floating_task_keeps_its_wall_time_when_its_owner_changes_the_zone(
    user: httpx.Client,
) -> None:
    floating = made(user, **DAILY)
    assert (floating["timezone"], floating["floating"]) == ("Europe/Berlin", True)
    day = made(user, title="Day", due_date="2027-07-01", all_day=True, timezone="floating")
    fixed = made(user, title="Call", due_date="2027-07-01T07:00:00Z")
    done = made(user, title="Done", due_date="2027-07-01T07:00:00Z", timezone="floating")
    user.post(f"/tasks/{done['id']}/complete")
    moved_to(user, "America/New_York")
    moved_to(user, "America/New_York")
    assert shown(user, floating) == ("2027-07-01T13:00:00Z", "America/New_York", True, 2)
    assert shown(user, day) == ("2027-07-01", "America/New_York", True, 2)
    assert shown(user, fixed) == ("2027-07-01T07:00:00Z", "Europe/Berlin", False, 1)
    assert shown(user, done) == ("2027-07-01T07:00:00Z", "Europe/Berlin", True, 2)
    user.post(f"/tasks/{done['id']}/reopen")
    assert shown(user, done)[:3] == ("2027-07-01T13:00:00Z", "America/New_York", True)


def test_reminders_and_the_series_go_along(user: httpx.Client) -> None:
    task = made(user, **DAILY)
    series = f"/recurring/series/{task['series_id']}"
    assert eventually(user, series, "Europe/Berlin", "series", "timezone") == "Europe/Berlin"
    moved_to(user, "Asia/Tokyo")
    assert eventually(user, series, "Asia/Tokyo", "series", "timezone") == "Asia/Tokyo"
    reminders, due = f"/reminders?task_id={task['id']}", "2027-06-30T23:00:00Z"
    assert eventually(user, reminders, due, "items", 0, "fire_at") == due
    user.post(f"/tasks/{task['id']}/complete")
    following = f"/tasks?series_id={task['series_id']}&status=pending"
    assert eventually(user, following, "2027-07-02", "items", 0, "occurrence_date") == "2027-07-02"
    (found,) = user.get(following).json()["items"]
    assert (found["due_date"], found["timezone"]) == ("2027-07-02T00:00:00Z", "Asia/Tokyo")
    assert found["floating"] is True
    user.post(f"/tasks/{found['id']}/complete")
    assert eventually(user, following, "2027-07-04", "items", 0, "occurrence_date") == "2027-07-04"


def test_a_zone_of_its_own_ends_the_floating_and_the_word_begins_it(user: httpx.Client) -> None:
    task = made(user, title="Call", due_date="2027-07-01T07:00:00Z")
    path = f"/tasks/{task['id']}"
    assert user.patch(path, json={"floating": True}).json()["floating"] is True
    assert user.patch(path, json={"title": "Ring"}).json()["floating"] is True
    fixed = user.patch(path, json={"timezone": "Asia/Tokyo"}).json()
    assert (fixed["floating"], fixed["timezone"]) == (False, "Asia/Tokyo")
    back = user.patch(path, json={"timezone": "floating"}).json()
    assert (back["floating"], back["timezone"]) == (True, "Europe/Berlin")
    whole = {name: back[name] for name in ("title", "due_date", "timezone", "floating")}
    assert user.put(path, json=whole).json()["version"] == back["version"]
    bulk = {"create": [{"title": "Float", "timezone": "floating"}]}
    made_there = user.post("/tasks/bulk", json=bulk).json()["results"][0]["task"]
    assert (made_there["floating"], made_there["timezone"]) == (True, "Europe/Berlin")


def test_a_contradiction_and_an_unknown_zone_are_refused(user: httpx.Client) -> None:
    for body, field in [
        ({"title": "x", "timezone": "floating", "floating": False}, "floating"),
        ({"title": "x", "timezone": "Mars/Olympus"}, "timezone"),
    ]:
        answer = user.post("/tasks", json=body)
        assert answer.status_code == 422
        assert [one["field"] for one in answer.json()["errors"]] == [field]


def test_a_phrase_whose_first_time_is_left_out_here_is_itself_where_its_owner_goes(
    user: httpx.Client,
) -> None:
    phrase = {"text": "every day at 2:30 starting 2027-03-28"}
    task = made(user, title="Feed", timezone="floating", recurrence=phrase)
    once = made(user, title="Call", timezone="floating", due_date="2027-03-28T02:30:00+01:00")
    assert task["due_date"] == once["due_date"] == "2027-03-28T01:30:00Z"  # 03:30.
    series = f"/recurring/series/{task['series_id']}"
    assert eventually(user, series, "Europe/Berlin", "series", "timezone") == "Europe/Berlin"
    moved_to(user, "Asia/Tokyo")
    half_past_two = ("2027-03-27T17:30:00Z", "Asia/Tokyo", True, 2)
    assert shown(user, task) == shown(user, once) == half_past_two
    assert eventually(user, series, "Asia/Tokyo", "series", "timezone") == "Asia/Tokyo"
    user.post(f"/tasks/{task['id']}/complete")
    following = f"/tasks?series_id={task['series_id']}&status=pending"
    due = "2027-03-28T17:30:00Z"
    assert eventually(user, following, due, "items", 0, "due_date") == due
