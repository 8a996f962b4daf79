"""The product under test: `taskflow up` as a process, on free ports, driven over HTTP."""

import atexit
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from tests.distributed.ports import free_span
from tests.distributed.programs import PLAIN

START_SECONDS = 60
ADMIN = "admin@example.com"
PASSWORD = "Test123!"  # noqa: S105 - of the tests' own accounts
STOP_SECONDS = 60
SERVICES = 5


class Product:
    """TaskFlow in a process that can be killed and started again on the same data.

    Args:
        data_dir: Where it keeps its data.
        settings: Settings that the test is about, by their variables.
    """

    def __init__(self, data_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self._settings = dict(settings or {})
        self.port_base = free_span(SERVICES)
        self.output: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._clients: list[httpx.Client] = []

    @property
    def url(self) -> str:
        """Where everything is reachable."""
        return f"http://127.0.0.1:{self.port_base}"

    def start(self) -> None:
        """Start, and wait for the line that says so."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from taskflow.cli import main; main()", "up"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(self.data_dir, self.port_base) | self._settings,
        )
        # A test that fails before it stops its product leaves none behind.
        atexit.register(self._process.kill)
        is_ready = threading.Event()
        self._reader = threading.Thread(
            target=self._read, args=(self._process, is_ready), daemon=True
        )
        self._reader.start()
        assert is_ready.wait(START_SECONDS), "".join(self.output[-40:])
        assert self._process.poll() is None, "".join(self.output[-40:])

    @property
    def process_id(self) -> int:
        """Which process it is."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """`kill -9`, at whatever it is doing."""
        assert self._process is not None
        self._process.kill()
        self._ended()

    def stop(self) -> int:
        """Ask it to stop, as an operator would; returns its exit code."""
        assert self._process is not None
        self._process.terminate()
        code = self._ended()
        for client in self._clients:
            client.close()
        return code

    def visitor(self) -> httpx.Client:
        """A client without an identity."""
        client = httpx.Client(base_url=f"{self.url}/api/v1", timeout=20, verify=PLAIN)
        self._clients.append(client)
        return client

    def user(self) -> httpx.Client:
        """A client that speaks for a fresh account."""
        account = {"email": f"{uuid4()}@example.com", "password": PASSWORD, "name": "Test User"}
        with httpx.Client(base_url=f"{self.url}/api/v1", timeout=20, verify=PLAIN) as visitor:
            assert visitor.post("/auth/register", json=account).status_code == 201
        return self._logged_in(account["email"])

    def install(self) -> None:
        """Make the first account, which is the admin."""
        account = {"email": ADMIN, "password": PASSWORD, "name": "Admin"}
        with httpx.Client(base_url=f"{self.url}/api/v1", timeout=20, verify=PLAIN) as visitor:
            assert visitor.post("/auth/register", json=account).json()["role"] == "admin"

    def admin(self) -> httpx.Client:
        """A client that speaks for the account of `install`."""
        return self._logged_in(ADMIN)

    def _logged_in(self, email: str) -> httpx.Client:
        client = self.visitor()
        account = {"email": email, "password": PASSWORD}
        tokens: dict[str, Any] = client.post("/auth/login", json=account).json()
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        return client

    def _ended(self) -> int:
        assert self._process is not None
        assert self._reader is not None
        code = self._process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        return code

    def _read(self, process: subprocess.Popen[str], is_ready: threading.Event) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.output.append(line)
                if "TaskFlow is ready" in line:
                    is_ready.set()
        is_ready.set()


def environment(data_dir: Path, port_base: int) -> dict[str, str]:
    """The environment of the product and of its commands: this one, but for its settings."""
    foreign = {
        name: value for name, value in os.environ.items() if not name.startswith("TASKFLOW_")
    }
    return foreign | {
        "TASKFLOW_DATA_DIR": str(data_dir),
        "TASKFLOW_PORT_BASE": str(port_base),
        "TASKFLOW_AUTH_ATTEMPTS_PER_MINUTE": "10000",
        "TASKFLOW_RATE_LIMIT_BURST": "100000",
    }
