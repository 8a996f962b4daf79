"""The proof that nothing was lost and nothing happened twice: of whatever was acknowledged.

Every change that was answered with success exists, stands in the audit trail exactly once with
dense versions, and in the list of notifications exactly once; a reminder fired exactly once; the
next instance of a recurring task was made exactly once.
"""

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from taskflow.events.topics import REMINDER_TRIGGERED, TASK_CREATED

PATIENCE_SECONDS: Final = 90
STEP_SECONDS: Final = 0.25

Change = tuple[str, int]


@dataclass
class Acknowledged:
    """What was answered with success.

    Attributes:
        versions: The newest version of each task.
        reminded: Tasks that have a reminder whose time has come.
        recurred: Recurring tasks that were completed.
    """

    versions: dict[str, int] = field(default_factory=dict)
    reminded: set[str] = field(default_factory=set)
    recurred: set[str] = field(default_factory=set)


class Trail:
    """What became of a user's tasks, as the product tells it now."""

    def __init__(self, user: httpx.Client) -> None:
        self.present = {one["id"]: one["version"] for one in pages(user, "/tasks")}
        trail, notes = audited(user), list(pages(user, "/notifications"))
        self.numbers = sorted(one["id"] for one in notes)
        self.audited, self.audited_reminders = _sorted_out(trail)
        self.notified, self.notified_reminders = _sorted_out(notes)
        made = [one["payload"]["task"] for one in trail if one["event_type"] == TASK_CREATED]
        self.series = Counter(one["series_id"] for one in made if one.get("series_id"))
        self._series_of = {one["id"]: one.get("series_id") for one in made}

    def instances(self, task: str) -> int:
        """How many instances a recurring task's series has."""
        return self.series[self._series_of.get(task)]

    def expects(self, done: Acknowledged) -> Counter[Change]:
        """Every version of every task that there is, once."""
        newest = {
            task: max(done.versions.get(task, 0), self.present.get(task, 0))
            for task in {*done.versions, *self.present}
        }
        return Counter(
            (task, version) for task, last in newest.items() for version in range(1, last + 1)
        )

    def has_settled(self, done: Acknowledged) -> bool:
        """Whether everything that was acknowledged has arrived everywhere, and nothing else.

        What is read one after the other agrees once nothing is under way any more.
        """
        return (
            self.expects(done) == self.audited == self.notified
            and done.reminded <= set(self.audited_reminders)
            and done.reminded <= set(self.notified_reminders)
            and all(self.instances(task) > 1 for task in done.recurred)
        )


def prove(user: httpx.Client, done: Acknowledged) -> int:
    """Wait until all that was acknowledged has arrived, and see that it did so exactly once.

    Returns how many changes that were.

    Args:
        user: Speaks for the account that did it.
        done: What was answered with success.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (trail := _seen(user)) or not trail.has_settled(done):
        assert time.monotonic() < deadline, trail and _what_lacks(trail, done)
        time.sleep(STEP_SECONDS)
    for task, version in done.versions.items():
        assert trail.present.get(task, 0) >= version, f"{task} lost its version {version}"
    assert set(trail.audited_reminders.values()) <= {1}
    assert trail.notified_reminders == trail.audited_reminders
    assert trail.numbers == list(range(1, len(trail.numbers) + 1))
    assert {trail.instances(task) for task in done.recurred} <= {2}
    return trail.audited.total()


def _seen(user: httpx.Client) -> Trail | None:
    """What there is now; None while somebody who knows it is away."""
    try:
        return Trail(user)
    except (httpx.TransportError, httpx.HTTPStatusError):
        return None


def audited(user: httpx.Client) -> list[dict[str, Any]]:
    """The user's whole trail."""
    answer = user.get("/audit/events", headers={"Accept": "application/x-ndjson"})
    answer.raise_for_status()
    return [json.loads(line) for line in answer.text.splitlines()]


def pages(user: httpx.Client, path: str) -> "list[dict[str, Any]]":
    """All items of a list."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        parameters = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        answer = user.get(path, params=parameters)
        answer.raise_for_status()
        found += answer.json()["items"]
        if (cursor := answer.json()["next_cursor"]) is None:
            return found


def _sorted_out(told: list[dict[str, Any]]) -> tuple[Counter[Change], Counter[str]]:
    """Changes by task and version, and reminders by task."""
    reminders = Counter(one["task_id"] for one in told if one["event_type"] == REMINDER_TRIGGERED)
    changes = Counter(
        (one["task_id"], one["version"]) for one in told if one["event_type"] != REMINDER_TRIGGERED
    )
    return changes, reminders


def _what_lacks(trail: Trail, done: Acknowledged) -> str:
    expected = trail.expects(done)
    lacking: dict[str, list[object]] = {
        "too many in the trail": list(trail.audited - expected),
        "too many in the notifications": list(trail.notified - expected),
        "in the trail": list(expected - trail.audited),
        "in the notifications": list(expected - trail.notified),
        "reminders in the trail": list(done.reminded - set(trail.audited_reminders)),
        "reminders in the notifications": list(done.reminded - set(trail.notified_reminders)),
        "next instances of": [task for task in done.recurred if trail.instances(task) < 2],
    }
    return f"of {len(expected)} changes are not as they should be: " + ", ".join(
        f"{len(what)} {where} ({what[:3]})" for where, what in lacking.items() if what
    )
