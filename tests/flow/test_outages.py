"""The database is killed, frozen and locked under the running product: it waits and goes on.

Each request carries an Idempotency-Key and is sent until it is answered with success, as a careful
client does it, so every key has made one task, whatever became of the commit's answer.
"""

import asyncio
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import httpx
import pytest
from tests.distributed.programs import LOCAL, PLAIN
from tests.product import Product

KILLS = 5
WRITERS = 4
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def own(open_dir: Path) -> Iterator[Product]:
    product = Product(open_dir / "outages")
    product.start()
    yield product
    product.stop()


def postmaster(product: Product) -> int:
    """The server's process, once it is another one than before."""
    pid_file = product.data_dir / "postgres" / "cluster" / "postmaster.pid"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            pid = int(pid_file.read_text().split()[0])
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            time.sleep(0.02)
            continue
        return pid
    raise AssertionError("the server did not come back")


def family(pid: int) -> list[int]:
    """A process and its children."""
    found = [pid]
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(place.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found.append(int(place.parent.name))
    return found


def run(product: Product, statement: str) -> None:
    async def execute() -> None:
        connection = await connect(product)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(execute())


async def connect(product: Product) -> "asyncpg.Connection[asyncpg.Record]":
    home = product.data_dir / "postgres"
    password = (home / "password").read_text().strip()
    place = quote(str(home / "socket"), safe="")
    return await asyncpg.connect(f"postgresql://taskflow:{password}@/taskflow?host={place}")


def create(client: httpx.Client, key: str) -> str:
    """Create a task, asking with the same key until the answer is there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = client.post("/tasks", json={"title": key}, headers={"Idempotency-Key": key})
        if answer.status_code == 201:
            task_id: str = answer.json()["id"]
            return task_id
        assert answer.status_code in {409, 503}, answer.text
        assert "Retry-After" in answer.headers
    raise AssertionError("no answer in time")


def test_kills_of_the_database_under_load_lose_nothing_and_repeat_nothing(own: Product) -> None:
    user = own.user()
    made: dict[str, str] = {}
    ended = threading.Event()

    def write() -> None:
        with httpx.Client(
            base_url=user.base_url, headers=user.headers, timeout=60, verify=PLAIN
        ) as client:
            while not ended.is_set():
                key = str(uuid4())
                made[key] = create(client, key)

    writers = [threading.Thread(target=write) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    for number in range(1, KILLS + 1):
        while len(made) < number * 30 and any(writer.is_alive() for writer in writers):
            writers[0].join(0.01)
        os.kill(postmaster(own), signal.SIGKILL)
    ended.set()
    for writer in writers:
        writer.join()
    assert len(made) >= KILLS * 30
    _expect_each_once(user, set(made.values()))


def _expect_each_once(user: httpx.Client, task_ids: set[str]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    audited: Counter[str] = Counter()
    while time.monotonic() < deadline and len(audited) < len(task_ids):
        lines = user.get("/audit/events", headers={"Accept": "application/x-ndjson"}).text
        audited = Counter(
            httpx.Response(200, text=line).json()["task_id"] for line in lines.splitlines()
        )
    assert audited == Counter(task_ids)
    while time.monotonic() < deadline and _notified(user) < len(task_ids):
        continue
    assert _notified(user) == len(task_ids)


def _notified(user: httpx.Client) -> int:
    items = user.get("/notifications", params={"limit": 1}).json()["items"]
    return int(items[0]["id"]) if items else 0


def test_a_database_that_freezes_for_a_while_only_makes_everybody_wait(own: Product) -> None:
    user, visitor = own.user(), own.visitor()
    processes = family(postmaster(own))
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        made: list[str] = []
        writer = threading.Thread(target=lambda: made.append(create(user, str(uuid4()))))
        writer.start()
        for _ in range(20):
            assert visitor.get(f"{own.url}/health").status_code == 200
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGCONT)
    writer.join(PATIENCE_SECONDS)
    _expect_each_once(user, set(made))
    assert len(made) == 1


def test_figures_are_to_be_had_while_the_database_is_frozen(own: Product) -> None:
    processes = family(postmaster(own))
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        answers = [httpx.get(f"{own.url}/metrics", timeout=PATIENCE_SECONDS) for _ in range(2)]
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGCONT)
    for answer in answers:
        assert answer.status_code == 200
        assert 'dependency_up{dependency="database",service="task-api"} 0.0' in answer.text
        assert 'taskflow_ready{service="task-api"} 0.0' in answer.text
        assert "taskflow_outbox_pending" in answer.text


def test_the_product_leaves_though_its_database_is_frozen(own: Product) -> None:
    user = own.user()
    task_id = create(user, str(uuid4()))
    processes = family(postmaster(own))
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        code = own.stop()
    finally:
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    assert code == 0
    own.start()
    again = own.visitor()
    again.headers = user.headers
    _expect_each_once(again, {task_id})


def test_a_background_loop_that_fails_takes_nothing_with_it(own: Product) -> None:
    function = "EXECUTE ON FUNCTION audit.make_partition(date)"
    run(own, f"REVOKE {function} FROM taskflow_audit")
    own.stop()
    own.start()
    user = own.user()
    counted = 'taskflow_loop_failures_total{loop="audit-logger 1"}'
    deadline = time.monotonic() + PATIENCE_SECONDS
    while counted not in (metrics := LOCAL.get(f"{own.url}/metrics").text):
        assert time.monotonic() < deadline, metrics
    assert create(user, str(uuid4()))
    run(own, f"GRANT {function} TO taskflow_audit")


async def test_the_product_leaves_in_order_while_a_consumer_is_kept_waiting(own: Product) -> None:
    user = own.user()
    async with asyncio.timeout(PATIENCE_SECONDS):
        connection = await connect(own)
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("LOCK TABLE notifications.items IN ACCESS EXCLUSIVE MODE")
        task_id = await asyncio.to_thread(create, user, str(uuid4()))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not await connection.fetchval(waiting):
            continue
        assert await asyncio.to_thread(own.stop) == 0
        await asyncio.to_thread(own.start)
        again = own.visitor()
        again.headers = user.headers
    await asyncio.to_thread(_expect_each_once, again, {task_id})
