"""A person's hold on a whole series: edited, skipped, paused or stopped, it does as it says."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.contracts.operations import wrong
from tests.product import Product

PATIENCE_SECONDS = 15
FAR = datetime(2041, 1, 7, 9, tzinfo=UTC)  # A Monday.
WEEKLY = {"title": "Water", "due_date": "2041-01-07T09:00:00Z", "recurrence": {"rule": "weekly"}}


@pytest.fixture
def user(product: Product) -> httpx.Client:
    return product.user()


def path(task: dict[str, Any], end: str = "") -> str:
    return f"/recurring/series/{task['series_id']}{end}"


def until(read: Callable[[], Any], expected: Any) -> Any:
    """What is read, once it is as expected or patience has ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := read()) != expected and time.monotonic() < deadline:
        pass
    return found


def begun(user: httpx.Client, **more: Any) -> dict[str, Any]:
    task: dict[str, Any] = user.post("/tasks", json={**WEEKLY, **more}).json()
    return task


def open_tasks(user: httpx.Client, task: dict[str, Any]) -> list[dict[str, Any]]:
    query = f"/tasks?series_id={task['series_id']}&status=pending&sort=due_date&limit=200"
    found: list[dict[str, Any]] = user.get(query).json()["items"]
    return found


def open_dates(user: httpx.Client, task: dict[str, Any]) -> list[str]:
    return [one["due_date"] for one in open_tasks(user, task)]


def history(user: httpx.Client, task: dict[str, Any]) -> list[str]:
    return [one["status"] for one in user.get(path(task, "/history")).json()["items"]]


def done(user: httpx.Client, task: dict[str, Any], next_due: str) -> dict[str, Any]:
    """The next task once this one is done."""
    user.post(f"/tasks/{task['id']}/complete")
    assert until(lambda: open_dates(user, task), [next_due]) == [next_due]
    return open_tasks(user, task)[0]


def test_a_postponed_task_leaves_the_series_its_days(user: httpx.Client) -> None:
    task = begun(user)
    moved = user.patch(f"/tasks/{task['id']}", json={"due_date": "2041-01-09T15:00:00Z"}).json()
    assert moved["planned_date"] == "2041-01-07T09:00:00Z"
    until(lambda: user.get(path(task)).status_code, 200)
    shown = user.post(path(task, "/pause")).json()
    user.post(path(task, "/resume"))
    assert shown["series"]["next"][0]["at"].startswith("2041-01-07T09:00:00")
    assert "moved from" in shown["series"]["next"][0]["reason"]
    done(user, task, "2041-01-14T09:00:00Z")


def test_what_is_edited_for_this_one_is_not_carried_on(user: httpx.Client) -> None:
    task = begun(user, tags=["home"])
    body = {"scope": "this", "task_id": task["id"], "changes": {"title": "Water twice"}}
    assert user.patch(path(task), json=body).status_code == 200
    assert user.get(f"/tasks/{task['id']}").json()["title"] == "Water twice"
    user.patch(f"/tasks/{task['id']}", json={"tags": ["garden"]})
    following = done(user, task, "2041-01-14T09:00:00Z")
    assert (following["title"], following["tags"]) == ("Water", ["garden"])


@pytest.mark.parametrize("name", ["recurrence", "timezone", "all_day"])
def test_this_one_has_no_rule_of_its_own(user: httpx.Client, name: str) -> None:
    task = begun(user)
    value = {"recurrence": {"rule": "daily"}, "timezone": "Asia/Tokyo", "all_day": True}[name]
    body = {"scope": "this", "task_id": task["id"], "changes": {name: value}}
    answer = user.patch(path(task), json=body)
    assert wrong(answer, 422) is None
    assert answer.json()["errors"][0]["field"] == f"changes.{name}"


@pytest.mark.parametrize(
    ("scope", "changes"),
    [("this", {}), ("this", {"title": "Mist"}), ("all", {"recurrence": None})],
)
def test_a_policy_that_nothing_could_have_is_named_and_changes_nothing(
    user: httpx.Client, scope: str, changes: dict[str, Any]
) -> None:
    task = begun(user)
    body = {"scope": scope, "changes": changes, "policy": "pile_up"}
    until(lambda: user.get(path(task)).status_code, 200)
    answer = user.patch(path(task), json=body)
    assert wrong(answer, 422) is None
    assert [one["field"] for one in answer.json()["errors"]] == ["policy"]
    assert user.get(f"/tasks/{task['id']}").json()["version"] == task["version"]


def test_from_here_on_the_series_has_another_rule_and_keeps_its_past(user: httpx.Client) -> None:
    task = begun(user)
    second = done(user, task, "2041-01-14T09:00:00Z")
    changes = {"recurrence": {"rule": "daily"}, "due_date": "2041-01-15T10:00:00Z", "title": "Mist"}
    body = {"scope": "future", "task_id": second["id"], "changes": changes}
    shown = user.patch(path(task), json=body).json()
    assert shown["series"]["recurrence"]["rule"] == "FREQ=DAILY"
    third = done(user, second, "2041-01-16T10:00:00Z")
    assert third["title"] == "Mist"
    assert third["series_id"] == task["series_id"]
    assert history(user, task) == ["open", "done", "done"]
    assert user.get(f"/tasks/{task['id']}").json()["title"] == "Water"


def test_a_count_counts_all_of_a_series_whose_rule_is_edited_for_all(user: httpx.Client) -> None:
    task = begun(user, recurrence={"rule": "weekly", "count": 4})
    second = done(user, task, "2041-01-14T09:00:00Z")
    changes = {"recurrence": {"rule": "daily", "count": 4}}
    user.patch(path(task), json={"scope": "all", "changes": changes})
    third = done(user, second, "2041-01-15T09:00:00Z")
    fourth = done(user, third, "2041-01-16T09:00:00Z")
    user.post(f"/tasks/{fourth['id']}/complete")
    assert until(lambda: user.get(path(task)).json()["series"]["status"], "ended") == "ended"
    assert history(user, task) == ["done"] * 4


def test_a_skip_is_seen_at_once_uses_up_one_and_is_done_once(user: httpx.Client) -> None:
    task = begun(user, recurrence={"rule": "weekly", "count": 2})
    for _ in range(3):
        shown = user.post(path(task, "/skip"), json={"task_id": task["id"]}).json()
    assert [one["status"] for one in shown["instances"]] == ["open", "skipped"]
    assert open_dates(user, task) == ["2041-01-14T09:00:00Z"]
    shown = user.post(path(task, "/skip")).json()
    assert shown["series"]["status"] == "ended"
    assert shown["statistics"]["skipped"] == 2
    assert wrong(user.post(path(task, "/skip")), 409) is None


def test_what_falls_into_a_pause_never_was(user: httpx.Client) -> None:
    long_ago = (datetime.now(UTC) - timedelta(days=3)).replace(microsecond=0)
    due = long_ago.isoformat().replace("+00:00", "Z")
    task = begun(user, due_date=due, recurrence={"rule": "daily", "count": 2})
    user.post(path(task, "/pause"))
    user.post(f"/tasks/{task['id']}/complete")
    shown = user.post(path(task, "/pause")).json()
    assert (shown["series"]["status"], open_dates(user, task)) == ("paused", [])
    for _ in range(2):
        assert user.post(path(task, "/resume")).json()["series"]["status"] == "ended"


def test_a_resumed_series_goes_on_in_the_future(user: httpx.Client) -> None:
    task = begun(user)
    user.post(path(task, "/pause"))
    user.post(f"/tasks/{task['id']}/complete")
    assert "paused" in user.post(path(task, "/pause")).json()["series"]["next"][-1]["reason"]
    assert user.post(path(task, "/resume")).json()["series"]["status"] == "active"
    assert open_dates(user, task) == ["2041-01-14T09:00:00Z"]


def test_a_stopped_series_has_ended_and_keeps_its_history(user: httpx.Client) -> None:
    task = begun(user)
    second = done(user, task, "2041-01-14T09:00:00Z")
    assert [user.delete(path(task)).status_code for _ in range(2)] == [204, 204]
    assert open_dates(user, task) == []
    shown = user.get(path(task)).json()
    assert shown["series"]["status"] == "ended"
    assert history(user, task) == ["deleted", "done"]
    user.post(f"/tasks/{second['id']}/restore")
    user.post(f"/tasks/{second['id']}/complete")
    assert until(lambda: history(user, task), ["done", "done"]) == ["done", "done"]
    assert open_dates(user, task) == []
    assert wrong(user.post(path(task, "/resume")), 409) is None


def test_a_stale_version_changes_nothing(user: httpx.Client) -> None:
    task = begun(user)
    seen = user.post(path(task, "/pause"))
    assert seen.headers["etag"] == f'"{seen.json()["series"]["version"]}"'
    stale = {"If-Match": seen.headers["etag"]}
    assert user.post(path(task, "/resume"), headers=stale).status_code == 200
    for method, end in (("POST", "/skip"), ("POST", "/pause"), ("DELETE", "")):
        assert wrong(user.request(method, path(task, end), headers=stale), 412) is None
    assert len(open_dates(user, task)) == 1


def test_a_series_that_piles_up_makes_each_on_its_date(user: httpx.Client) -> None:
    first = (datetime.now(UTC) - timedelta(days=2, hours=1)).replace(microsecond=0)
    dates = [(first + timedelta(days=n)).isoformat().replace("+00:00", "Z") for n in range(3)]
    task = begun(user, due_date=dates[0], recurrence={"rule": "daily", "policy": "pile_up"})
    assert until(lambda: open_dates(user, task), dates) == dates
    user.delete(f"/tasks/{open_tasks(user, task)[1]['id']}")
    shown = until(lambda: history(user, task), ["open", "deleted", "open"])
    assert shown == ["open", "deleted", "open"]
    shown = user.patch(path(task), json={"scope": "all", "policy": "one_open"}).json()
    assert "policy" not in shown["series"]["recurrence"]
    assert open_dates(user, task) == dates[:1]


def test_no_series_piles_up_that_counts_from_its_completions(user: httpx.Client) -> None:
    rule = {"rule": "daily", "mode": "completion", "policy": "pile_up"}
    answer = user.post("/tasks", json={**WEEKLY, "recurrence": rule})
    assert wrong(answer, 422) is None
    assert answer.json()["errors"][0]["field"] == "recurrence.policy"


def test_the_next_task_has_its_checklist_still_to_do(user: httpx.Client) -> None:
    task = begun(user, description="- [x] fern\n- [ ] palm\n\n`- [x]` is code\n1. [X] cactus")
    following = done(user, task, "2041-01-14T09:00:00Z")
    assert following["description"] == ("- [ ] fern\n- [ ] palm\n\n`- [x]` is code\n1. [ ] cactus")


def test_a_month_shows_what_was_and_what_is_to_come(user: httpx.Client) -> None:
    task = begun(user, timezone="Europe/Berlin")
    second = done(user, task, "2041-01-14T09:00:00Z")
    user.delete(f"/tasks/{second['id']}")
    until(lambda: history(user, task), ["open", "deleted", "done"])
    month = user.get(path(task, "/calendar?month=2041-01")).json()
    assert len(month["days"]) == 31
    entries = {day["date"]: day["entries"] for day in month["days"] if day["entries"]}
    assert {date: [one["status"] for one in some] for date, some in entries.items()} == {
        "2041-01-07": ["done"],
        "2041-01-14": ["deleted"],
        "2041-01-21": ["open"],
        "2041-01-28": ["planned"],
    }
    assert entries["2041-01-14"][0]["reason"] == "exception: its task was deleted"
    for wrong_one in ("2041-13", "x", "2041-1", "0000-01"):
        answer = user.get(path(task, f"/calendar?month={wrong_one}"))
        assert wrong(answer, 422) is None, wrong_one
        assert answer.json()["errors"][0]["field"] == "month"


def test_a_month_tells_what_is_left_out_and_why_a_time_is_another(user: httpx.Client) -> None:
    task = begun(
        user,
        timezone="Europe/Berlin",
        due_date="2041-03-24T02:30:00+01:00",
        recurrence={"rule": "weekly", "exdates": ["2041-04-07"]},
    )
    second = done(user, task, "2041-03-31T01:30:00Z")
    user.post(f"/tasks/{second['id']}/complete")
    until(lambda: history(user, task), ["open", "done", "done"])
    march = user.get(path(task, "/calendar?month=2041-03")).json()["days"][30]["entries"]
    assert [one["status"] for one in march] == ["done"]
    assert march[0]["reason"] == "02:30 does not exist on this day; moved forward to 03:30"
    april = user.get(path(task, "/calendar?month=2041-04")).json()["days"]
    assert april[6]["entries"] == [
        {
            "at": "2041-04-07T02:30:00+02:00",
            "status": "excluded",
            "reason": "left out: an exception",
        }
    ]
    assert [one["status"] for one in april[13]["entries"]] == ["open"]


def test_what_was_done_early_is_not_among_what_comes_next(user: httpx.Client) -> None:
    task = begun(user)
    done(user, task, "2041-01-14T09:00:00Z")
    listed = user.get("/recurring/series").json()["items"]
    for shown in (user.get(path(task)).json()["series"], *listed):
        dates = [one["at"][:10] for one in shown["next"]]
        assert dates == ["2041-01-14", "2041-01-21", "2041-01-28"]


def test_the_history_comes_in_pages_with_its_figures(user: httpx.Client) -> None:
    task = begun(user)
    for number in range(1, 4):
        due = FAR + timedelta(days=7 * number)
        task = done(user, task, due.isoformat().replace("+00:00", "Z"))
    found: list[dict[str, Any]] = []
    more: str | None = ""
    while more is not None:
        page = user.get(path(task, f"/history?limit=2{more}")).json()
        found += page["items"]
        more = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert [one["status"] for one in found] == ["open", "done", "done", "done"]
    assert [one["timing"] for one in found] == [None, "on_time", "on_time", "on_time"]
    statistics = user.get(path(task)).json()["statistics"]
    assert statistics["completion_rate"] == 1.0
    assert (statistics["current_streak"], statistics["longest_streak"]) == (3, 3)


def test_a_task_of_another_series_cannot_be_named(user: httpx.Client) -> None:
    task, other = begun(user), begun(user)
    for scope in ("this", "future", "all"):
        body = {"scope": scope, "task_id": other["id"], "changes": {"title": "Mine"}}
        assert wrong(user.patch(path(task), json=body), 404) is None
    assert wrong(user.post(path(task, "/skip"), json={"task_id": other["id"]}), 404) is None
    assert user.get(f"/tasks/{other['id']}").json()["title"] == "Water"
