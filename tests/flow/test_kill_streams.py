"""`kill -9` under open streams and due reminders: no gap, no repeat, each reminder told once."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from tests.distributed.programs import PLAIN
from tests.product import Product

KILLS = 4
REMINDERS = 120
PATIENCE_SECONDS = 90


class Listener:
    """A client that leaves at random moments and comes back to where it was."""

    def __init__(self, product: Product, user: httpx.Client, seed: int) -> None:
        self.ids: list[int] = []
        self.resyncs = 0
        self.is_done = threading.Event()
        self._product = product
        self._headers = {"Authorization": user.headers["Authorization"]}
        self._chance = random.Random(seed)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        while not self.is_done.is_set():
            try:
                self._listen(self._chance.randint(1, 25))
            except httpx.HTTPError:
                self.is_done.wait(0.02)

    def _listen(self, lines: int) -> None:
        """Read a stream from where it was, and leave it in the middle of whatever comes."""
        resume = {"Last-Event-ID": str(self.ids[-1] if self.ids else 0)}
        with (
            httpx.Client(
                base_url=self._product.url, headers=self._headers, timeout=2, verify=PLAIN
            ) as client,
            client.stream("GET", "/api/v1/notifications/stream", headers=resume) as answer,
        ):
            answer.raise_for_status()
            number: int | None = None
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    number = int(value)
                elif name == "event":
                    self.resyncs += value == "resync"
                elif not line and number is not None:
                    self.ids.append(number)
                    number = None
                lines -= 1
                if lines <= 0 and not line:
                    return


def test_streams_and_reminders_survive_kills_without_gap_or_repeat(open_dir: Path) -> None:
    product = Product(open_dir / "streams", {"TASKFLOW_STREAM_PER_SECOND": "10000"})
    product.start()
    user = product.user()
    listeners = [Listener(product, user, seed) for seed in (1, 2)]
    _ask_for_reminders(user)
    chance = random.Random(7)
    expected = 2 * REMINDERS
    for _ in range(KILLS):
        expected += _write(user, 15 + chance.randint(0, 25))
        product.kill()
        product.start()
    assert _is_true_in_time(lambda: _sent(user) == REMINDERS)
    assert _is_true_in_time(lambda: _position(user) >= expected)
    told = _told(user)
    assert set(told.values()) == {1}
    assert len(told) == REMINDERS
    assert _is_true_in_time(lambda: all(one.ids[-1:] == [expected] for one in listeners))
    for one in listeners:
        one.is_done.set()
        one.thread.join()
        assert one.ids == list(range(1, expected + 1))
        assert one.resyncs == 0
    assert _position(user) == expected
    assert product.stop() == 0


def _ask_for_reminders(user: httpx.Client) -> None:
    """Reminders that are due before, during and after the kills."""
    now = datetime.now(UTC)
    times = [(now + timedelta(seconds=2 + number / 4)).isoformat() for number in range(REMINDERS)]
    tasks = [{"title": "Due", "reminders": [{"at": at}]} for at in times]
    for start in range(0, REMINDERS, 40):
        answer = user.post("/tasks/bulk", json={"create": tasks[start : start + 40]})
        assert answer.status_code == 200


def _write(user: httpx.Client, count: int) -> int:
    for number in range(count):
        assert user.post("/tasks", json={"title": f"t{number}"}).status_code == 201
    return count


def _is_true_in_time(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _sent(user: httpx.Client) -> int:
    return len(user.get("/reminders", params={"status": "sent", "limit": 200}).json()["items"])


def _position(user: httpx.Client) -> int:
    newest = user.get("/notifications", params={"limit": 1}).json()["items"]
    return int(newest[0]["id"]) if newest else 0


def _told(user: httpx.Client) -> Counter[str]:
    """How often each task's reminder is in the list."""
    found: Counter[str] = Counter()
    cursor: str | None = None
    while True:
        parameters = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = user.get("/notifications", params=parameters).json()
        for item in page["items"]:
            if item["event_type"] == "reminder.triggered":
                found[json.dumps(item["task_id"])] += 1
        if (cursor := page["next_cursor"]) is None:
            return found
