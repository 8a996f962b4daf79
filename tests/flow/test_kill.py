"""`kill -9` of the whole process, fifty times under load: nothing lost, nothing twice.

Every change that was answered with success exists, stands in the audit trail exactly once with
dense versions, and in the list of notifications exactly once.
"""

import random
import re
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from tests.product import Product

KILLS = 50
WRITERS = 4
PATIENCE_SECONDS = 60

Change = tuple[str, int]


def test_fifty_kills_under_load_lose_nothing_and_repeat_nothing(open_dir: Path) -> None:
    product = Product(open_dir / "killed")
    product.start()
    user = product.user()
    acknowledged: dict[str, int] = {}
    chance = random.Random(7310)
    for _ in range(KILLS):
        _kill_under_load(product, user, acknowledged, chance.randint(2, 40))
    _wait_until_delivered(product)
    audited = Counter(_audited(user))
    notified = Counter(_notified(user))
    assert len(acknowledged) >= KILLS * 2
    for task_id, version in acknowledged.items():
        present = user.get(f"/tasks/{task_id}").json()["version"]
        assert present >= version
        assert [audited[task_id, number] for number in range(present + 2)] == [0, *[1] * present, 0]
        assert [notified[task_id, number] for number in range(present + 2)] == [
            0,
            *[1] * present,
            0,
        ]
    assert set(audited.values()) == {1}
    assert audited == notified
    assert product.stop() == 0


def _kill_under_load(
    product: Product, user: httpx.Client, acknowledged: dict[str, int], after: int
) -> None:
    """Kill the process once so many tasks more were acknowledged, and start it again."""
    writers = [
        threading.Thread(target=_write, args=(product, user, acknowledged)) for _ in range(WRITERS)
    ]
    before = len(acknowledged)
    for writer in writers:
        writer.start()
    while len(acknowledged) < before + after:
        writers[0].join(0.001)
    product.kill()
    for writer in writers:
        writer.join()
    product.start()


def _write(product: Product, user: httpx.Client, acknowledged: dict[str, int]) -> None:
    """Create and complete tasks until the process is gone."""
    headers = {"Authorization": user.headers["Authorization"]}
    with httpx.Client(base_url=f"{product.url}/api/v1", headers=headers, timeout=20) as client:
        while True:
            try:
                made = client.post("/tasks", json={"title": "Kept"})
                acknowledged[made.json()["id"]] = 1
                client.post(f"/tasks/{made.json()['id']}/complete").raise_for_status()
            except httpx.TransportError:
                return
            acknowledged[made.json()["id"]] = 2


def _wait_until_delivered(product: Product) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        metrics = httpx.get(f"{product.url}/metrics").text
        if re.search(r"^taskflow_outbox_pending 0\.0$", metrics, re.MULTILINE):
            return
    raise AssertionError("the outbox was not emptied in time")


def _audited(user: httpx.Client) -> list[Change]:
    everything = user.get("/audit/events", headers={"Accept": "application/x-ndjson"})
    items = [httpx.Response(200, text=line).json() for line in everything.text.splitlines()]
    return [(item["task_id"], item["version"]) for item in items]


def _notified(user: httpx.Client) -> list[Change]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        parameters = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = user.get("/notifications", params=parameters).json()
        found += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert sorted(item["id"] for item in found) == list(range(1, len(found) + 1))
    return [(item["task_id"], item["version"]) for item in found]
