"""Recurrence said in English, and a task out of one line, over HTTP."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from tests.product import Product

PATIENCE_SECONDS = 15
BERLIN = ZoneInfo("Europe/Berlin")
LINE = "pay rent every 1st at 9am !high #home remind 1h"
LONG = "every day and " * 700


def preview(product: Product, **body: Any) -> dict[str, Any]:
    given = {"start": "2026-03-02T09:00", "timezone": "Europe/Berlin", **body}
    answer = product.user().post("/recurring/preview", json=given)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def pending(user: httpx.Client) -> list[dict[str, Any]]:
    """What is to be done, once there is anything."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found: list[dict[str, Any]] = user.get("/tasks?status=pending").json()["items"]
        if found or time.monotonic() > deadline:
            return found


def last_friday_at_five(now: datetime) -> datetime:
    """The next one after an instant, found day by day."""
    day = now.astimezone(BERLIN).replace(hour=17, minute=0, second=0, microsecond=0)
    while day <= now or day.weekday() != 4 or (day + timedelta(days=7)).month == day.month:
        day = (day.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=BERLIN)
    return day


def test_a_phrase_is_previewed_with_its_rule_and_its_sentence(product: Product) -> None:
    text = "every last friday of the month at 5pm until march 2027"
    shown = preview(product, text=text, count=2)
    assert shown["rule"] == "FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=17;BYMINUTE=0"
    assert shown["text"] == "every last Friday of the month at 17:00 until 31 March 2027"
    assert [one["at"] for one in shown["occurrences"]] == [
        "2026-03-27T17:00:00+01:00",
        "2026-04-24T17:00:00+02:00",
    ]
    again = preview(product, text=shown["text"], count=2)
    assert again == shown


def test_a_preview_of_days_has_days_unless_the_phrase_says_a_time(product: Product) -> None:
    days = preview(product, text="every monday starting 1 april", start="2026-03-02", count=1)
    assert days["occurrences"] == [{"at": "2026-04-06"}]
    assert days["text"] == "every Monday starting 1 April 2026"
    times = preview(product, text="every monday at noon", start="2026-03-02", count=1)
    assert times["occurrences"] == [{"at": "2026-03-02T12:00:00+01:00"}]


@pytest.mark.parametrize(
    ("text", "position"),
    [("every banana", 6), ("every monday until 03/04", 19), ("every", 5), (LONG, 500), ("", 0)],
)
def test_what_is_not_understood_is_answered_with_its_place(
    product: Product, text: str, position: int
) -> None:
    user = product.user()
    start = {"start": "2026-03-02"}
    refused = user.post("/recurring/preview", json={"text": text, **start})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "text"
    assert refused.json()["errors"][0]["position"] == position
    body = {"title": "Odd", "recurrence": {"text": text}}
    refused = user.post("/tasks", json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "recurrence.text"
    assert refused.json()["errors"][0]["position"] == position
    assert user.get("/tasks").json()["items"] == []


def test_a_task_without_a_due_date_is_due_when_its_phrase_first_occurs(product: Product) -> None:
    user = product.user()
    recurrence = {"text": "every last friday at 5pm"}
    body = {"title": "Report", "recurrence": recurrence, "timezone": "Europe/Berlin"}
    before = datetime.now(UTC)
    task = user.post("/tasks", json=body).json()
    expected = {last_friday_at_five(at) for at in (before, datetime.now(UTC))}
    assert datetime.fromisoformat(task["due_date"]) in expected
    assert task["recurrence"]["rule"] == "FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=17;BYMINUTE=0"
    assert (task["recurrence"]["month_end"], task["all_day"]) == ("clamp", False)
    again = user.get(f"/tasks/{task['id']}").json()
    assert again == task


def test_a_phrase_without_a_time_makes_whole_days(product: Product) -> None:
    user = product.user()
    recurrence = {"text": "every 3 days starting 2040-01-05"}
    task = user.post("/tasks", json={"title": "Plants", "recurrence": recurrence}).json()
    assert (task["due_date"], task["all_day"]) == ("2040-01-05", True)
    assert task["occurrence_date"] == "2040-01-05"


def test_a_due_date_stands_whatever_the_phrase_says(product: Product) -> None:
    user = product.user()
    body: dict[str, Any] = {"title": "Report", "due_date": "2040-01-05T09:00:00Z"}
    task = user.post("/tasks", json={**body, "recurrence": {"text": "every friday at 5pm"}}).json()
    assert task["due_date"] == "2040-01-05T09:00:00Z"
    body = {"title": "Report", "due_date": "2040-01-05", "all_day": True}
    refused = user.post("/tasks", json={**body, "recurrence": {"text": "every friday at 5pm"}})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["position"] == len("every friday ")
    other = {"text": "every friday starting 2041-01-01"}
    refused = user.post("/tasks", json={**body, "recurrence": other})
    assert refused.json()["errors"][0]["position"] == len("every friday ")
    both = {"text": "every friday", "rule": "FREQ=DAILY"}
    refused = user.post("/tasks", json={**body, "recurrence": both})
    assert refused.json()["errors"][0]["field"] == "recurrence.text"


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("every friday at 5pm", "2040-01-06T17:00:00Z"),
        ("every 2 weeks on tuesday", "2040-01-17T09:00:00Z"),
        ("3 days after completion at 7:30", "2026-01-13T07:30:00Z"),
    ],
)
def test_what_follows_a_due_date_is_as_the_phrase_says(
    product: Product, text: str, following: str
) -> None:
    user = product.user()
    body = {"title": "Report", "due_date": "2040-01-05T09:00:00Z", "recurrence": {"text": text}}
    task = user.post("/tasks", json=body).json()
    user.post(f"/tasks/{task['id']}/complete", json={"completed_at": "2026-01-10T20:00:00Z"})
    [made] = pending(user)
    assert made["due_date"] == following


def test_a_phrase_may_come_later_and_in_a_bulk(product: Product) -> None:
    user = product.user()
    task = user.post("/tasks", json={"title": "Plants", "due_date": "2040-01-05T09:00:00Z"}).json()
    wanted = {"recurrence": {"text": "3 days after completion"}}
    changed = user.patch(f"/tasks/{task['id']}", json=wanted).json()
    assert changed["recurrence"]["rule"] == "FREQ=DAILY;INTERVAL=3"
    assert (changed["recurrence"]["mode"], changed["due_date"]) == ("completion", task["due_date"])
    entries = [{"title": "A", "recurrence": {"text": text}} for text in ("every day", "every x")]
    good, bad = user.post("/tasks/bulk", json={"create": entries}).json()["results"]
    assert good["task"]["recurrence"]["rule"] == "FREQ=DAILY"
    assert bad["problem"]["errors"][0]["position"] == 6


def test_a_line_is_answered_with_what_its_task_cannot_have(product: Product) -> None:
    user = product.user()
    body = {"text": "yoga every tuesday at 7pm remind at 8pm"}
    for path in ("/tasks/quick-add", "/tasks/quick-add/preview"):
        [unused] = user.post(path, json=body).json()["understood"]["unused"]
        assert (unused["start"], unused["end"], unused["text"]) == (26, 39, "remind at 8pm")
        assert unused["message"] == "does not come again with the task"


def test_a_line_becomes_a_task_once_however_often_it_is_sent(product: Product) -> None:
    user = product.user()
    headers = {"Idempotency-Key": "rent"}
    body = {"text": LINE, "timezone": "Europe/Berlin"}
    first = user.post("/tasks/quick-add", json=body, headers=headers)
    again = user.post("/tasks/quick-add", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.headers["Location"] == f"/api/v1/tasks/{first.json()['task']['id']}"
    [task] = user.get("/tasks").json()["items"]
    assert task == first.json()["task"]
    assert (task["title"], task["priority"], task["tags"]) == ("pay rent", "high", ["home"])
    assert task["recurrence"]["rule"] == "FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=9;BYMINUTE=0"
    assert task["reminders"] == [{"offset": "PT1H"}]
    due = datetime.fromisoformat(task["due_date"]).astimezone(BERLIN)
    assert (due.day, due.hour, due.minute) == (1, 9, 0)
    understood = first.json()["understood"]
    assert understood["sentence"].startswith("every 1st of the month at 9:00, first on 1 ")
    kinds = [(one["kind"], one["text"]) for one in understood["spans"]]
    assert kinds == [
        ("recurrence", "every 1st at 9am"),
        ("priority", "!high"),
        ("tag", "#home"),
        ("reminder", "remind 1h"),
    ]
    assert all(LINE[one["start"] : one["end"]] == one["text"] for one in understood["spans"])


def test_a_line_is_previewed_without_being_written(product: Product) -> None:
    user = product.user()
    shown = user.post("/tasks/quick-add/preview", json={"text": LINE}).json()
    assert shown["draft"]["title"] == "pay rent"
    assert shown["draft"]["recurrence"]["rule"].startswith("FREQ=MONTHLY")
    assert user.get("/tasks").json()["items"] == []
    assert user.post("/tasks/quick-add/preview", json={"text": "x"}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "every day"},
        {"text": "water plants every 3rd day"},
        {"text": "standup every monday at 9am-10am"},
        {"text": "x" * 501},
        {"text": "x" * 300},
        {"text": 5},
        {"text": "x", "timezone": "Nowhere/Land"},
        {"text": "x", "title": "y"},
    ],
)
def test_a_line_that_makes_no_task_is_refused_alike_by_both_doors(
    product: Product, body: dict[str, Any]
) -> None:
    user = product.user()
    answers = [user.post(f"/tasks/quick-add{door}", json=body) for door in ("", "/preview")]
    assert [answer.status_code for answer in answers] == [422, 422]
    fields = {answer.json()["errors"][0]["field"] for answer in answers}
    assert fields <= {"text", "timezone", "title"}
    assert len(fields) == 1
    assert user.get("/tasks").json()["items"] == []
