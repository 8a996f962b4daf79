"""`kill -9` of the whole process, fifty times under load: nothing lost, nothing twice."""

import random
import re
import threading
import time
from pathlib import Path

import httpx
from tests.distributed.programs import LOCAL, PLAIN
from tests.product import Product
from tests.proof import Acknowledged, prove

KILLS = 50
WRITERS = 4
PATIENCE_SECONDS = 60


def test_fifty_kills_under_load_lose_nothing_and_repeat_nothing(open_dir: Path) -> None:
    product = Product(open_dir / "killed")
    product.start()
    user = product.user()
    done = Acknowledged()
    chance = random.Random(7310)
    for _ in range(KILLS):
        _kill_under_load(product, user, done, chance.randint(2, 40))
    _wait_until_delivered(product)
    assert len(done.versions) >= KILLS * 2
    prove(user, done)
    assert product.stop() == 0


def _kill_under_load(product: Product, user: httpx.Client, done: Acknowledged, after: int) -> None:
    """Kill the process once so many tasks more were acknowledged, and start it again."""
    writers = [threading.Thread(target=_write, args=(product, user, done)) for _ in range(WRITERS)]
    before = len(done.versions)
    for writer in writers:
        writer.start()
    while len(done.versions) < before + after:
        writers[0].join(0.001)
    product.kill()
    for writer in writers:
        writer.join()
    product.start()


def _write(product: Product, user: httpx.Client, done: Acknowledged) -> None:
    """Create and complete tasks until the process is gone."""
    headers = {"Authorization": user.headers["Authorization"]}
    url = f"{product.url}/api/v1"
    with httpx.Client(base_url=url, headers=headers, timeout=20, verify=PLAIN) as client:
        while True:
            try:
                made = client.post("/tasks", json={"title": "Kept"})
                done.versions[made.json()["id"]] = 1
                client.post(f"/tasks/{made.json()['id']}/complete").raise_for_status()
            except httpx.TransportError:
                return
            done.versions[made.json()["id"]] = 2


def _wait_until_delivered(product: Product) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        metrics = LOCAL.get(f"{product.url}/metrics").text
        if re.search(r"^taskflow_outbox_pending 0\.0$", metrics, re.MULTILINE):
            return
    raise AssertionError("the outbox was not emptied in time")
