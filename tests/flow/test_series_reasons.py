"""What is not plain about a task of a series is told, whatever becomes of the series."""

from typing import Any

import httpx
import pytest
from tests.flow.test_series import begun, done, open_dates, path, until
from tests.product import Product


@pytest.fixture
def user(product: Product) -> httpx.Client:
    return product.user()


def reasons(user: httpx.Client, task: dict[str, Any], month: str) -> list[str | None]:
    """What the tasks of a month have that is not plain, by its calendar, then by the history."""
    days = user.get(path(task, f"/calendar?month={month}")).json()["days"]
    entries = [one for day in days for one in day["entries"] if "task_id" in one]
    items = user.get(path(task, "/history")).json()["items"]
    told = [one["reason"] for one in items if str(one["due_date"]).startswith(month)]
    return [*(one.get("reason") for one in entries), *told]


CLAMPED = "there is no day 31 in this month; its last day is meant"


@pytest.mark.parametrize("scope", ["future", "all"])
def test_what_was_not_plain_is_told_still_when_the_series_counts_from_another_day(
    user: httpx.Client, scope: str
) -> None:
    task = begun(user, due_date="2041-01-31T09:00:00Z", recurrence={"rule": "monthly"})
    second = done(user, task, "2041-02-28T09:00:00Z")
    third = done(user, second, "2041-03-31T09:00:00Z")
    changes = {"due_date": "2041-04-03T10:00:00Z", "recurrence": {"rule": "weekly"}}
    named = {"task_id": third["id"]} if scope == "future" else {}
    answer = user.patch(path(task), json={"scope": scope, "changes": changes, **named})
    assert answer.status_code == 200, answer.text
    assert reasons(user, task, "2041-02") == [CLAMPED, CLAMPED]
    assert reasons(user, task, "2041-01") == [None, None]


def test_what_counts_from_completion_tells_what_is_not_plain(user: httpx.Client) -> None:
    recurrence = {"rule": "monthly", "mode": "completion"}
    task = begun(user, due_date="2026-01-31T09:00:00Z", recurrence=recurrence)
    user.post(f"/tasks/{task['id']}/complete", json={"completed_at": "2026-01-31T12:00:00Z"})
    due = ["2026-02-28T09:00:00Z"]
    assert until(lambda: open_dates(user, task), due) == due
    assert reasons(user, task, "2026-02") == [CLAMPED, CLAMPED]
