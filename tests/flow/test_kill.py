"""`kill -9` of the whole process under load: what was answered with success is there."""

import random
import threading
from pathlib import Path

import httpx
from tests.product import Product

KILLS = 5
WRITERS = 4


def test_no_acknowledged_write_is_lost_when_the_process_is_killed(open_dir: Path) -> None:
    product = Product(open_dir / "killed")
    product.start()
    user = product.user()
    chance = random.Random(7310)
    acknowledged: dict[str, int] = {}
    for _ in range(KILLS):
        writers = [
            threading.Thread(target=_write, args=(product, user, acknowledged))
            for _ in range(WRITERS)
        ]
        before = len(acknowledged)
        for writer in writers:
            writer.start()
        while len(acknowledged) < before + chance.randint(5, 60):
            writers[0].join(0.001)
        product.kill()
        for writer in writers:
            writer.join()
        product.start()
    assert len(acknowledged) >= KILLS * 5
    for task_id, version in acknowledged.items():
        task = user.get(f"/tasks/{task_id}").json()
        assert task["version"] >= version
    assert product.stop() == 0


def _write(product: Product, user: httpx.Client, acknowledged: dict[str, int]) -> None:
    """Create and complete tasks until the process is gone."""
    with httpx.Client(base_url=f"{product.url}/api/v1", headers=user.headers, timeout=20) as client:
        while True:
            try:
                made = client.post("/tasks", json={"title": "Kept"})
                acknowledged[made.json()["id"]] = 1
                client.post(f"/tasks/{made.json()['id']}/complete").raise_for_status()
            except httpx.TransportError:
                return
            acknowledged[made.json()["id"]] = 2
