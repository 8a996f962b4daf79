"""The rule of a whole series: told in words, with exceptions, and on the wall of its owner."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from tests.contracts.operations import wrong
from tests.flow.test_series import begun, done, history, open_tasks, path, until
from tests.product import Product

EVERY_MONDAY = "every monday for 3 times"


@pytest.fixture
def user(product: Product) -> httpx.Client:
    return product.user()


def test_a_series_is_told_its_rule_in_words_with_what_is_left_out(user: httpx.Client) -> None:
    task = begun(user)
    words = {"text": "every monday and wednesday", "exdates": ["2041-01-09"], "count": 9}
    body = {"scope": "future", "changes": {"recurrence": words}, "policy": "one_open"}
    shown = user.patch(path(task), json=body).json()["series"]
    assert shown["recurrence"]["rule"] == "FREQ=WEEKLY;BYDAY=MO,WE"
    assert shown["recurrence"]["exdates"] == ["2041-01-09"]
    assert shown["text"].startswith("every Monday and Wednesday")
    done(user, task, "2041-01-14T09:00:00Z")
    answer = user.patch(
        path(task), json={**body, "changes": {"recurrence": {"text": "every moon"}}}
    )
    assert wrong(answer, 422) is None
    assert answer.json()["errors"][0]["field"] == "changes.recurrence.text"


@pytest.mark.parametrize("rule", [{"rule": "weekly"}, {"rule": "weekly", "policy": "pile_up"}])
def test_a_series_begins_to_float_and_goes_where_its_owner_goes(
    user: httpx.Client, rule: dict[str, Any]
) -> None:
    task = begun(user, recurrence=rule)
    for name, value in (("timezone", "floating"), ("floating", True)):
        this = {"scope": "this", "task_id": task["id"], "changes": {name: value}}
        assert wrong(user.patch(path(task), json=this), 422) is None
    user.patch("/auth/me", json={"timezone": "Europe/Berlin"})
    changes = {"timezone": "floating"}
    shown = user.patch(path(task), json={"scope": "all", "changes": changes}).json()
    assert shown["series"]["timezone"] == "Europe/Berlin"
    user.patch("/auth/me", json={"timezone": "Asia/Tokyo"})
    (moved,) = open_tasks(user, task)
    assert (moved["timezone"], moved["floating"]) == ("Asia/Tokyo", True)
    assert moved["due_date"] == moved["planned_date"] == "2041-01-07T01:00:00Z"
    skipped = user.post(path(task, "/skip"), json={"task_id": task["id"]}).json()
    assert skipped["series"]["timezone"] == "Asia/Tokyo"
    assert skipped["series"]["next"][-1]["at"].endswith("T10:00:00+09:00")


def test_floating_tasks_pile_up_on_the_wall_where_their_owner_is(user: httpx.Client) -> None:
    user.patch("/auth/me", json={"timezone": "Europe/Berlin"})
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(
        days=3, hours=2
    )
    rule = {"rule": "daily", "policy": "pile_up"}
    due = start.isoformat()
    task = begun(user, due_date=due, timezone="floating", recurrence=rule)
    assert until(lambda: len(open_tasks(user, task)), 4) == 4
    user.patch("/auth/me", json={"timezone": "America/New_York"})
    found = open_tasks(user, task)
    assert {one["timezone"] for one in found} == {"America/New_York"}
    assert all(one["due_date"] == one["planned_date"] for one in found)
    zone = "America/New_York"
    assert until(lambda: user.get(path(task)).json()["series"]["timezone"], zone) == zone
    assert len(open_tasks(user, task)) == 4
    assert history(user, task) == ["open"] * 4


@pytest.mark.parametrize("start", ["2026-W48-5", "9000-01-01", "8999-12-31T23:59:59-23:59", ""])
def test_a_preview_begins_at_a_date_of_the_years_that_tasks_have(
    user: httpx.Client, start: str
) -> None:
    answer = user.post("/recurring/preview", json={"rule": "daily", "start": start})
    assert wrong(answer, 422) is None
    assert [one["field"] for one in answer.json()["errors"]] == ["start"]


def test_a_preview_has_what_is_added_as_a_day_at_the_time_of_the_phrase(
    user: httpx.Client,
) -> None:
    body = {"text": "every day at 9am", "start": "20261127", "rdates": ["2026-11-29"], "count": 4}
    found = user.post("/recurring/preview", json=body).json()["occurrences"]
    assert [one["at"][:16] for one in found] == [f"2026-11-{day}T09:00" for day in range(27, 31)]


def test_a_preview_of_what_counts_from_completion_is_as_if_each_was_done_in_time(
    user: httpx.Client,
) -> None:
    body = {"text": "every! month", "start": "2041-01-31T09:00:00", "count": 3}
    found = user.post("/recurring/preview", json=body).json()["occurrences"]
    assert [one["at"][:10] for one in found] == ["2041-01-31", "2041-02-28", "2041-03-28"]
    lacking = "there is no day 31 in this month; its last day is meant"
    assert [one.get("reason") for one in found] == [None, lacking, None]


@pytest.mark.parametrize("said", [{"rule": "FREQ=WEEKLY;BYDAY=MO;COUNT=3"}, {"text": EVERY_MONDAY}])
def test_a_preview_counts_a_start_that_is_off_the_rule_as_its_series_does(
    user: httpx.Client, said: dict[str, str]
) -> None:
    body = {**said, "start": "2041-01-02T09:00:00", "timezone": "UTC"}  # A Wednesday.
    found = user.post("/recurring/preview", json=body).json()["occurrences"]
    assert [one["at"][:10] for one in found] == ["2041-01-07", "2041-01-14"]
    on_it = user.post("/recurring/preview", json={**body, "start": "2041-01-07T09:00:00"}).json()
    assert [one["at"][:10] for one in on_it["occurrences"]] == [
        "2041-01-07",
        "2041-01-14",
        "2041-01-21",
    ]


def test_a_preview_of_a_phrase_that_is_to_name_the_first_day_has_all_of_its_count(
    user: httpx.Client,
) -> None:
    body = {"text": EVERY_MONDAY, "start": "2041-01-02T09:00:00", "is_due": False}
    found = user.post("/recurring/preview", json=body).json()["occurrences"]
    assert [one["at"][:10] for one in found] == ["2041-01-07", "2041-01-14", "2041-01-21"]
    by_day = {"text": f"{EVERY_MONDAY} at 5pm", "start": "2041-01-02"}
    assert len(user.post("/recurring/preview", json=by_day).json()["occurrences"]) == 3


def test_a_preview_shows_what_is_left_out_and_added(user: httpx.Client) -> None:
    body = {
        "rule": "daily",
        "start": "2041-01-07T09:00:00",
        "exdates": ["2041-01-08T09:00:00"],
        "rdates": ["2041-01-08T12:00:00"],
        "count": 3,
    }
    found = user.post("/recurring/preview", json=body).json()["occurrences"]
    assert [one.get("is_excluded", False) for one in found] == [False, True, False]
    reasons = [one.get("reason") for one in found]
    assert reasons == [None, "left out: an exception", "added beside the rule"]
    answer = user.post("/recurring/preview", json={**body, "exdates": ["never"]})
    assert wrong(answer, 422) is None


def test_a_rule_that_occurs_no_more_ends_its_series_and_hides_no_other(
    user: httpx.Client,
) -> None:
    # Every second hour falls on three o'clock only while Moscow's clocks were an hour ahead.
    stopping: dict[str, Any] = {
        "title": "Reset the clock",
        "due_date": "2010-01-01T00:00:00+03:00",
        "timezone": "Europe/Moscow",
        "recurrence": {"rule": "FREQ=HOURLY;INTERVAL=2;BYHOUR=3"},
    }
    first, second = (user.post("/tasks", json=stopping).json() for _ in range(2))
    begun(user)
    for task in (first, second):
        until(partial(_status_code, user, path(task)), 200)
        assert user.get(path(task)).json()["series"]["next"] == []
        assert user.get(path(task, "/calendar")).status_code == 200
        assert user.post(path(task, "/pause")).status_code == 200
        assert user.post(path(task, "/resume")).status_code == 200
    assert until(lambda: len(user.get("/recurring/series").json()["items"]), 3) == 3
    user.post(f"/tasks/{first['id']}/complete")
    assert until(lambda: user.get(path(first)).json()["series"]["status"], "ended") == "ended"
    assert user.delete(path(second)).status_code == 204


def _status_code(user: httpx.Client, where: str) -> int:
    return user.get(where).status_code
