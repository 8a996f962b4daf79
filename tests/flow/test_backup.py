"""A backup taken under load brings everything back, and a restore that fails changes nothing."""

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.product import Product

PATIENCE_SECONDS = 30
PASSWORD = "Test123!"  # noqa: S105 - of an account that only these tests have


@dataclass
class Original:
    """An installation with data, and a backup that was taken while tasks were being created."""

    product: Product
    backup: Path
    email: str
    refresh_token: str
    before: list[str] = field(default_factory=list)


def taskflow(
    *arguments: str | Path, limit_bytes: int | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command as an operator does; `limit_bytes` is how large a file may become."""

    def confine() -> None:
        if limit_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TASKFLOW_")
    }
    done = subprocess.run(
        [sys.executable, "-c", "from taskflow.cli import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment | settings,
        preexec_fn=confine,
    )
    done.stderr = " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def original(open_dir: Path) -> Iterator[Original]:
    product = Product(open_dir / "original")
    product.start()
    user = product.visitor()
    account = {"email": f"{uuid4()}@example.com", "password": PASSWORD}
    user.post("/auth/register", json=account | {"name": "Ada"}).raise_for_status()
    tokens = user.post("/auth/login", json=account).json()
    user.cookies.clear()
    user.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    backup = open_dir / "taskflow.zip"
    found = Original(product, backup, account["email"], tokens["refresh_token"])
    for number in range(20):
        task = user.post("/tasks", json={"title": f"Task {number}"}).json()
        user.post(f"/tasks/{task['id']}/complete").raise_for_status()
        found.before.append(task["id"])
    _back_up_under_load(found, user)
    yield found
    product.stop()


def _back_up_under_load(original: Original, user: httpx.Client) -> None:
    """What was answered before the backup began is in `before`, more follows meanwhile."""
    is_done = threading.Event()
    created: list[str] = []

    def create() -> None:
        while not is_done.is_set():
            created.append(user.post("/tasks", json={"title": "Meanwhile"}).json()["id"])

    writer = threading.Thread(target=create)
    writer.start()
    try:
        while len(created) < 20:
            writer.join(0.001)
        original.before += created[:]
        done = taskflow("backup", original.backup, "--data-dir", original.product.data_dir)
        during = len(created)
    finally:
        is_done.set()
        writer.join()
    assert done.returncode == 0, done.stderr
    assert during > len(original.before) - 20


def test_everything_from_before_a_backup_is_there_after_a_restore_elsewhere(
    original: Original, open_dir: Path
) -> None:
    folder = open_dir / "elsewhere"
    restored = taskflow("restore", original.backup, "--data-dir", folder)
    assert restored.returncode == 0, restored.stderr
    assert restored.stdout.endswith(f"taskflow up --data-dir {folder}\n")
    product = Product(folder)
    product.start()
    try:
        _everything_is_there(product, original)
    finally:
        assert product.stop() == 0


def _everything_is_there(product: Product, original: Original) -> None:
    user = product.visitor()
    renewed = user.post("/auth/refresh", json={"refresh_token": original.refresh_token})
    assert renewed.status_code == 200
    account = {"email": original.email, "password": PASSWORD}
    assert user.post("/auth/login", json=account).status_code == 200
    user.cookies.clear()
    user.headers["Authorization"] = f"Bearer {renewed.json()['access_token']}"
    versions = {
        task_id: user.get(f"/tasks/{task_id}").json()["version"] for task_id in original.before
    }
    expected = {
        (task_id, number)
        for task_id, version in versions.items()
        for number in range(1, version + 1)
    }
    # Some of these events were still in the outbox when the backup was taken.
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if expected <= set(_audited(user)) and expected <= set(_notified(user)):
            break
    assert expected <= set(_audited(user))
    assert expected <= set(_notified(user))
    assert len(_audited(user)) == len(set(_audited(user)))
    assert len(_notified(user)) == len(set(_notified(user)))


def _audited(user: httpx.Client) -> list[tuple[str, int]]:
    everything = user.get("/audit/events", headers={"Accept": "application/x-ndjson"})
    items = [httpx.Response(200, text=line).json() for line in everything.text.splitlines()]
    return [(item["task_id"], item["version"]) for item in items]


def _notified(user: httpx.Client) -> list[tuple[str, int]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        parameters = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = user.get("/notifications", params=parameters).json()
        found += page["items"]
        if (cursor := page["next_cursor"]) is None:
            return [(item["task_id"], item["version"]) for item in found]


def test_a_damaged_backup_is_refused_in_one_sentence(original: Original, open_dir: Path) -> None:
    content = bytearray(original.backup.read_bytes())
    content[len(content) // 2] ^= 1
    flipped, short = open_dir / "flipped.zip", open_dir / "short.zip"
    flipped.write_bytes(content)
    short.write_bytes(original.backup.read_bytes()[:-100])
    for damaged, option in ((flipped, "--replace"), (short, "--check")):
        done = taskflow("restore", option, damaged, "--data-dir", open_dir / "untouched")
        assert done.returncode == 1
        assert "is no backup of TaskFlow, or it is damaged or cut short" in done.stderr
    assert not (open_dir / "untouched").exists()


def test_a_backup_is_rehearsed_while_taskflow_runs_but_not_restored(original: Original) -> None:
    place = ("--data-dir", original.product.data_dir)
    rehearsed = taskflow("restore", "--check", original.backup)
    assert rehearsed.returncode == 0, rehearsed.stderr
    assert "is whole and can be restored" in rehearsed.stdout
    refused = taskflow("restore", "--replace", original.backup, *place)
    assert refused.returncode == 1
    assert "is in use by another TaskFlow" in refused.stderr


def test_a_full_disk_leaves_the_older_backup_and_nothing_else(
    original: Original, open_dir: Path
) -> None:
    folder = open_dir / "backups"
    folder.mkdir()
    older = folder / "taskflow.zip"
    older.write_bytes(b"older")
    place = ("--data-dir", original.product.data_dir)
    done = taskflow("backup", older, *place, limit_bytes=20_000)
    assert done.returncode == 1
    assert f"the backup {older} cannot be written: File too large" in done.stderr
    assert [one.name for one in folder.iterdir()] == ["taskflow.zip"]
    assert older.read_bytes() == b"older"
