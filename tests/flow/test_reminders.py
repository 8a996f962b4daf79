"""Reminders come at their time, once, also after the process was away."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from tests.product import Product

PATIENCE_SECONDS = 20
HOUR = timedelta(hours=1)


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def reminders(user: httpx.Client, statuses: list[str]) -> list[dict[str, Any]]:
    """The user's reminders, once they have these statuses."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found: list[dict[str, Any]] = user.get("/reminders").json()["items"]
        if [one["status"] for one in found] == statuses or time.monotonic() > deadline:
            return found


def test_a_reminder_fires_at_its_time_and_is_told_once(product: Product) -> None:
    user = product.user()
    body = {"title": "Tea", "due_date": soon(3602), "reminders": [{"offset": "PT1H"}]}
    user.post("/tasks", json=body)
    found = reminders(user, ["sent"])
    assert found[0]["status"] == "sent"
    deadline = time.monotonic() + PATIENCE_SECONDS
    told: list[str] = []
    while "reminder.triggered" not in told and time.monotonic() < deadline:
        told = [one["event_type"] for one in user.get("/notifications").json()["items"]]
    assert told.count("reminder.triggered") == 1


def test_turning_quiet_hours_off_brings_what_they_held_up_at_once(product: Product) -> None:
    user = product.user()
    now = datetime.now(UTC)
    hours = {"start": f"{now - HOUR:%H:%M}", "end": f"{now + 6 * HOUR:%H:%M}"}
    quiet = {"timezone": "UTC", "notification_preferences": {"quiet_hours": hours}}
    user.patch("/auth/me", json=quiet).raise_for_status()
    body = {"title": "Tea", "due_date": soon(3601), "reminders": [{"offset": "PT1H"}]}
    user.post("/tasks", json=body)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_held_up(user, now) and time.monotonic() < deadline:
        pass
    assert is_held_up(user, now)
    user.patch("/auth/me", json={"notification_preferences": {"quiet_hours": None}})
    assert reminders(user, ["sent"])[0]["late_by_seconds"] == 0


def is_held_up(user: httpx.Client, since: datetime) -> bool:
    found = user.get("/reminders").json()["items"]
    return bool(found) and datetime.fromisoformat(found[0]["fire_at"]) > since + 5 * HOUR


def test_completing_cancels_and_reopening_plans_again(product: Product) -> None:
    user = product.user()
    body = {"title": "Tea", "due_date": soon(9000), "reminders": [{"offset": "PT1H"}]}
    task = user.post("/tasks", json=body).json()
    assert [one["status"] for one in reminders(user, ["pending"])] == ["pending"]
    user.post(f"/tasks/{task['id']}/complete")
    cancelled = reminders(user, ["cancelled"])
    assert cancelled[0]["reason"] == "the task was completed"
    user.post(f"/tasks/{task['id']}/reopen")
    assert [one["status"] for one in reminders(user, ["pending"])] == ["pending"]


def test_an_offset_whose_moment_has_passed_is_kept_with_its_reason(product: Product) -> None:
    user = product.user()
    body = {"title": "Tea", "due_date": soon(60), "reminders": [{"offset": "PT1H"}]}
    user.post("/tasks", json=body)
    found = reminders(user, ["cancelled"])
    assert found[0]["reason"] == "its time had already passed"


def test_a_snoozed_reminder_fires_again_and_an_acknowledged_one_does_not(
    product: Product,
) -> None:
    user = product.user()
    user.post("/tasks", json={"title": "Tea", "reminders": [{"at": soon(9000)}]})
    reminder = reminders(user, ["pending"])[0]
    address = f"/reminders/{reminder['id']}"
    assert user.post(f"{address}/snooze", json={"for": "PT0S"}).status_code == 422
    assert user.post(f"{address}/snooze", json={"for": "PT2S"}).status_code == 200
    assert [one["status"] for one in reminders(user, ["sent"])] == ["sent"]
    assert user.post(f"{address}/acknowledge").json()["status"] == "acknowledged"
    assert product.user().post(f"{address}/acknowledge").status_code == 404


def test_what_was_due_while_the_process_was_away_fires_at_start(open_dir: Path) -> None:
    product = Product(open_dir / "away")
    product.start()
    user = product.user()
    user.post("/tasks", json={"title": "Tea", "reminders": [{"at": soon(3)}]})
    assert [one["status"] for one in reminders(user, ["pending"])] == ["pending"]
    product.kill()
    time.sleep(4.5)
    product.start()
    found = reminders(user, ["sent"])
    assert found[0]["status"] == "sent"
    assert found[0]["late_by_seconds"] >= 1
    assert product.stop() == 0


def test_a_reminder_of_a_completed_task_cannot_be_snoozed_back_to_life(product: Product) -> None:
    user = product.user()
    task = user.post("/tasks", json={"title": "Tea", "reminders": [{"at": soon(1)}]}).json()
    reminder = reminders(user, ["sent"])[0]
    user.post(f"/tasks/{task['id']}/complete")
    address = f"/reminders/{reminder['id']}/snooze"
    deadline = time.monotonic() + PATIENCE_SECONDS
    answer = user.post(address, json={"for": "P30D"})
    while answer.status_code == 200 and time.monotonic() < deadline:
        answer = user.post(address, json={"for": "P30D"})
    assert answer.status_code == 409
    assert answer.json()["detail"].endswith("the task was completed")


def test_seeing_a_reminder_twice_changes_nothing_and_a_snooze_brings_it_back(
    product: Product,
) -> None:
    user = product.user()
    user.post("/tasks", json={"title": "Tea", "reminders": [{"at": soon(1)}]})
    address = f"/reminders/{reminders(user, ['sent'])[0]['id']}"
    seen = [user.post(f"{address}/acknowledge").json() for _ in range(2)]
    assert seen[0] == seen[1]
    assert user.post(f"{address}/snooze", json={"for": "PT1H"}).json()["status"] == "pending"


def timeline(user: httpx.Client, reminder: str, last: str) -> list[dict[str, Any]]:
    """What happened to a reminder, once this was the last."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found: list[dict[str, Any]] = user.get(f"/reminders/{reminder}/timeline").json()["items"]
        if (found and found[-1]["what"] == last) or time.monotonic() > deadline:
            return found


def test_the_timeline_tells_all_that_happened_to_its_owner_alone(product: Product) -> None:
    user = product.user()
    user.post("/tasks", json={"title": "Tea", "reminders": [{"at": soon(9000)}]})
    reminder = reminders(user, ["pending"])[0]["id"]
    assert user.post(f"/reminders/{reminder}/seen").status_code == 409
    user.post(f"/reminders/{reminder}/snooze", json={"for": "PT2S"})
    timeline(user, reminder, "delivered")
    for _ in range(2):
        assert user.post(f"/reminders/{reminder}/seen").json()["seen_at"]
    user.post(f"/reminders/{reminder}/acknowledge")
    found = timeline(user, reminder, "done")
    assert [one["what"] for one in found] == [
        "planned", "snoozed", "due", "fired", "handed_over", "delivered", "seen", "done",
    ]  # fmt: skip
    assert all(one["text"] for one in found)
    assert [one["channel"] for one in found if one["what"] == "delivered"] == ["page"]
    assert product.user().get(f"/reminders/{reminder}/timeline").status_code == 404


def test_moving_and_completing_a_task_stand_in_the_timeline_with_their_events(
    product: Product,
) -> None:
    user = product.user()
    body = {"title": "Tea", "due_date": soon(9000), "reminders": [{"offset": "PT1H"}]}
    task = user.post("/tasks", json=body).json()
    reminder = reminders(user, ["pending"])[0]
    user.patch(f"/tasks/{task['id']}", json={"due_date": soon(12_000)})
    moved = timeline(user, reminder["id"], "replanned")[-1]
    assert moved["old"] == reminder["fire_at"]
    assert moved["event_type"] == "task.updated"
    user.post(f"/tasks/{task['id']}/complete")
    last = timeline(user, reminder["id"], "cancelled")[-1]
    assert last["reason"] == "the task was completed"


def test_presets_say_what_they_mean_now_and_snooze_until_then(product: Product) -> None:
    user = product.user()
    user.post("/tasks", json={"title": "Tea", "reminders": [{"at": soon(9000)}]})
    address = f"/reminders/{reminders(user, ['pending'])[0]['id']}/snooze"
    offered = user.get("/reminders/snooze-presets").json()
    assert offered["timezone"] == "UTC"
    meant = {one["preset"]: one["until"] for one in offered["items"]}
    snoozed = user.post(address, json={"preset": "next_week"})
    assert snoozed.json()["fire_at"] == meant["next_week"]
    for body, name in (
        ({}, "for"),
        ({"preset": "next_week", "for": "PT1H"}, "for"),
        ({"preset": "never"}, "preset"),
        ({"for": "PT0S"}, "for"),
        ({"for": "P50Y"}, "for"),
        ({"until": "2001-01-01T00:00:00Z"}, "until"),
        ({"until": soon(50 * 366 * 86_400)}, "until"),
        ({"until": "9999-12-31T23:59:59-12:00"}, "until"),
        ({"until": "2030-01-01T00:00:00"}, "until"),
    ):
        answer = user.post(address, json=body)
        assert answer.status_code == 422, body
        assert answer.json()["errors"][0]["field"] == name, body
    assert reminders(user, ["pending"])[0]["fire_at"] == meant["next_week"]


def test_a_reminder_that_nags_repeats_itself_until_it_is_acknowledged(product: Product) -> None:
    user = product.user()
    nag = {"every": "PT1M", "times": 3}
    made = user.post("/tasks", json={"title": "Tea", "reminders": [{"at": soon(1), "nag": nag}]})
    assert made.json()["reminders"][0]["nag"] == nag
    deadline = time.monotonic() + PATIENCE_SECONDS
    reminder: dict[str, Any] = {"fired_at": None}
    while not reminder["fired_at"] and time.monotonic() < deadline:
        reminder = reminders(user, ["pending"])[0]
    assert (reminder["nag_every_seconds"], reminder["nag_times"], reminder["nag_done"]) == (
        60,
        3,
        1,
    )
    done = user.post(f"/reminders/{reminder['id']}/acknowledge").json()
    assert (done["status"], bool(done["seen_at"])) == ("acknowledged", True)


def test_nagging_out_of_bounds_is_refused_by_its_field(product: Product) -> None:
    user = product.user()
    at = soon(9000)
    for nag, name in (
        ({"every": "PT59S", "times": 3}, "every"),
        ({"every": "P2D", "times": 3}, "every"),
        ({"every": "often", "times": 3}, "every"),
        ({"every": "PT1M", "times": 0}, "times"),
        ({"every": "PT1M", "times": 21}, "times"),
        ({"every": "PT1M", "times": 2, "loud": True}, "loud"),
    ):
        body = {"title": "Tea", "reminders": [{"at": at, "nag": nag}]}
        answer = user.post("/tasks", json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == f"reminders[0].nag.{name}"
    louder = {"title": "Tea", "reminders": [{"at": at, "loud": True}]}
    assert user.post("/tasks", json=louder).json()["errors"][0]["field"] == "reminders[0].loud"
    twice = [{"at": at}, {"at": at, "nag": {"every": "PT1M", "times": 2}}]
    answer = user.post("/tasks", json={"title": "Tea", "reminders": twice})
    assert answer.json()["errors"][0]["field"] == "reminders[1].nag"
