"""What people meet on a bad day: a clear sentence, and no acknowledged write lost."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from tests.product import Product, environment

from taskflow.base.settings import Settings
from taskflow.runner.reaching import reaching

DISK_MEBIBYTES = 160
PATIENCE_SECONDS = 60
is_root_on_linux = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0 or shutil.which("mount") is None,
    reason="needs root on Linux: it mounts a small disk, or gives a folder to another account",
)


def refused(product: Product, **extra: str) -> str:
    """The one sentence with which a start ends that cannot succeed."""
    done = subprocess.run(
        [sys.executable, "-c", "from taskflow.cli import main; main()", "up"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment(product.data_dir, product.port_base) | extra,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("taskflow: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_port_that_is_in_use_is_named(open_dir: Path) -> None:
    product = Product(open_dir / "crowded")
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", product.port_base + 2))
        squatter.listen()
        sentence = refused(product)
    assert f"127.0.0.1:{product.port_base + 2}" in sentence
    assert "TASKFLOW_PORT_BASE" in sentence


@pytest.mark.parametrize("host", ["nonsense.invalid", "192.0.2.1"])
def test_an_address_that_is_not_of_this_machine_is_told_from_a_port(
    open_dir: Path, host: str
) -> None:
    sentence = refused(Product(open_dir / "elsewhere"), TASKFLOW_HOST=host)
    assert host in sentence
    assert "TASKFLOW_HOST" in sentence
    assert "stop what uses it" not in sentence


def test_a_folder_that_another_taskflow_holds_is_left_alone(product: Product) -> None:
    sentence = refused(Product(product.data_dir))
    assert f"the data folder {product.data_dir} is in use by another TaskFlow" in sentence
    assert refused(product) == sentence
    assert product.visitor().get(f"{product.url}/health/ready").status_code == 200


def test_a_folder_that_cannot_be_made_is_named(open_dir: Path) -> None:
    file = open_dir / "file"
    file.touch()
    assert f"the data folder {file / 'within'}" in refused(Product(file / "within"))


def test_a_setting_that_is_wrong_is_named_without_its_value(open_dir: Path) -> None:
    product = Product(open_dir / "unset")
    assert "TASKFLOW_PORT_BASE" in refused(product, TASKFLOW_PORT_BASE="eight thousand")
    missing = refused(product, TASKFLOW_DATABASE_URL_FILE="/does/not/exist")
    assert "TASKFLOW_DATABASE_URL_FILE" in missing
    away = refused(product, TASKFLOW_DATABASE_URL="postgresql://me:hush-hush@127.0.0.1:9/db")
    assert "the database at 127.0.0.1:9/db (TASKFLOW_DATABASE_URL) cannot be reached" in away
    assert "hush-hush" not in away
    wrong = refused(product, TASKFLOW_DATABASE_URL="foo:hush-hush")
    assert "TASKFLOW_DATABASE_URL: must be an address such as postgresql://" in wrong
    assert "hush-hush" not in wrong


async def test_a_database_of_a_newer_taskflow_is_refused_and_left_as_it_is(open_dir: Path) -> None:
    product = Product(open_dir / "newer")
    product.start()
    product.stop()
    settings = Settings.load({"data_dir": product.data_dir})
    async with reaching(settings) as dsn:
        connection = await asyncpg.connect(dsn)
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")
        await connection.close()
    assert "revision 9999, which is newer than this TaskFlow" in refused(product)


def test_a_cluster_of_another_postgresql_is_refused(open_dir: Path) -> None:
    product = Product(open_dir / "older")
    product.start()
    product.stop()
    (product.data_dir / "postgres" / "cluster" / "PG_VERSION").write_text("12\n")
    assert "is of PostgreSQL 12" in refused(product)


@is_root_on_linux
def test_root_runs_the_database_as_the_account_that_owns_it(open_dir: Path) -> None:
    product = Product(open_dir / "somebodys")
    product.start()
    product.stop()
    account = pwd.getpwnam("daemon")
    home = product.data_dir / "postgres"
    for path in (home, *home.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid)
    product.start()
    owners = {path.stat().st_uid for path in (home, *(home / "cluster").iterdir())}
    product.stop()
    assert owners == {account.pw_uid}


@pytest.fixture
def small_disk(open_dir: Path) -> Iterator[Path]:
    """A disk of its own with little room."""
    place = open_dir / "disk"
    place.mkdir()
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    assert mount
    assert unmount
    options = f"size={DISK_MEBIBYTES}m,mode=0755"
    subprocess.run([mount, "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)
    yield place
    subprocess.run([unmount, "--lazy", place], check=True)


@is_root_on_linux
def test_a_full_disk_refuses_writes_and_loses_none_that_it_took(small_disk: Path) -> None:
    product = Product(small_disk / "data")
    product.start()
    user = product.user()
    ballast = small_disk / "ballast"
    with ballast.open("wb") as file:
        while (free := shutil.disk_usage(small_disk).free) > 4 * 2**20:
            file.write(bytes(min(free - 2**20, 2**20)))
            file.flush()
    taken, refusal = _write_until_refused(user)
    assert refusal.status_code == 503, refusal.text
    assert refusal.headers["content-type"] == "application/problem+json"
    assert refusal.headers["Retry-After"] == "1"
    ballast.unlink()
    taken += _write_once_accepted(user)
    for task_id in taken:
        assert user.get(f"/tasks/{task_id}").status_code == 200
    assert product.stop() == 0


def _write_until_refused(user: httpx.Client) -> tuple[list[str], httpx.Response]:
    taken: list[str] = []
    body = {"title": "Kept", "description": "x" * 10_000}
    while True:
        answer = user.post("/tasks", json=body)
        if answer.status_code != 201:
            return taken, answer
        taken.append(answer.json()["id"])


def _write_once_accepted(user: httpx.Client) -> list[str]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = user.post("/tasks", json={"title": "Again"})
        if answer.status_code == 201:
            return [answer.json()["id"]]
    raise AssertionError("no write was accepted after there was room again")
