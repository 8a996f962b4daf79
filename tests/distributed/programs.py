"""The real programs of the distributed size: processes that can be killed and started again."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
CLI = (sys.executable, "-c", "from taskflow.cli import main; main()")
ENGINE = ROOT / ".tools" / "engine"
DAPRD = ENGINE / "daprd" / "daprd"
KAFKA = ENGINE / "kafka" / "libs"
JAVA = ("java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{KAFKA}/*")
# For whoever asks this machine, without TLS: to read the certificates of the world takes longer
# than most answers.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
# Asks what listens on this machine.
LOCAL = httpx.Client(
    verify=PLAIN,
    limits=httpx.Limits(max_keepalive_connections=0),
    timeout=20,
)
START_SECONDS = 90
STOP_SECONDS = 20
STEP_SECONDS = 0.05


def missing() -> str | None:
    """What the engine lacks on this machine, and how to get it; None when it is whole."""
    if not DAPRD.is_file() or not KAFKA.is_dir():
        return "daprd or Kafka is not built: `make test-distributed` does it, with Go and Maven"
    absent = [name for name in ("java", "redis-server") if shutil.which(name) is None]
    return f"missing programs: {', '.join(absent)}" if absent else None


class Program:
    """A process of its own with its log.

    Args:
        name: What it is called in messages.
        command: How it is started.
        folder: Where it runs and logs.
        environment: Beside this process's own.
        is_ready: Whether it serves.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        is_ready: Callable[[], bool] = lambda: True,
        user: int | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self._folder = folder
        self._environment = _clean_environment() | dict(environment or {})
        self._is_ready = is_ready
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self.log = folder / f"{name}.log"

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def launch(self) -> None:
        """Start, and do not wait."""
        assert not self.is_running, f"{self.name} runs already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self._user,
            )

    def start(self) -> None:
        """Start, and wait until it serves."""
        self.launch()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until it serves."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.is_running, f"{self.name} has ended:\n{self.tail()}"
            if self._is_ready():
                return
            time.sleep(STEP_SECONDS)
        raise AssertionError(f"{self.name} is not ready in time:\n{self.tail()}")

    def wait_end(self) -> int:
        """Wait until it ends by itself; returns its exit code."""
        assert self._process is not None
        return self._process.wait(START_SECONDS)

    def kill(self) -> None:
        """`kill -9`."""
        self.send_signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(STOP_SECONDS)

    def stop(self) -> int:
        """Ask it to stop; returns its exit code."""
        if not self.is_running:
            return 0
        assert self._process is not None
        self.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return -9

    def tail(self, lines: int = 25) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it is there."""
        assert self._process is not None
        if self.is_running:
            self._process.send_signal(number)


def answers(url: str, status: int = 200) -> Callable[[], bool]:
    """Whether an address answers with a status."""

    def ask() -> bool:
        try:
            return LOCAL.get(url, timeout=2).status_code == status
        except httpx.HTTPError:
            return False

    return ask


def listens(port: int) -> Callable[[], bool]:
    """Whether somebody listens on a port of this machine."""

    def ask() -> bool:
        with socket.socket() as one:
            one.settimeout(1)
            return one.connect_ex(("127.0.0.1", port)) == 0

    return ask


def _clean_environment() -> dict[str, str]:
    foreign = ("TASKFLOW_", "DAPR_", "APP_API_TOKEN")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
