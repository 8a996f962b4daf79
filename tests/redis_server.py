"""A real Redis on a socket of its own: it can be killed, frozen, erased and started again."""

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from tests.distributed.programs import Program

PROGRAM = "redis-server"
MISSING = "redis-server is missing: apt-get install --no-install-recommends redis-server"


class RedisServer(Program):
    """`redis-server`, which keeps nothing unless it is told to.

    Args:
        folder: For its socket, its log and what it saves.
        options: Further options of its command line.
    """

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        find_redis()
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        command = [PROGRAM, "--port", "0", "--unixsocket", str(self.socket), "--dir", str(folder)]
        command += ["--save", "", "--appendonly", "no", *options]
        super().__init__(PROGRAM, command, folder, is_ready=self._answers)

    def ask(self, *words: str) -> bytes:
        """Send a command past all that is to be tested; returns the raw answer's first part."""
        with closing(socket.socket(socket.AF_UNIX)) as one:
            one.settimeout(5)
            one.connect(str(self.socket))
            one.sendall((" ".join(words) + "\r\n").encode())
            return one.recv(65_536)

    def freeze(self) -> None:
        """Let it hang: connections stay, nothing is answered."""
        self.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """Ask it to stop, also where it hangs."""
        self.thaw() if self.is_running else None
        return super().stop()

    def _answers(self) -> bool:
        try:
            return self.ask("PING").startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False


async def disturb(server: RedisServer, number: int) -> None:
    """Something else each time; Redis comes back erased."""
    if not server.is_running:
        await asyncio.to_thread(server.start)
    server.thaw()
    if number % 4 == 1:
        server.ask("FLUSHALL")
    elif number % 4 == 2:
        server.kill()
    elif number % 4 == 3:
        server.freeze()


def find_redis(environment: Mapping[str, str] = os.environ) -> str:
    """Where Redis is; without one a person's run skips and CI's fails, both saying why."""
    path = shutil.which(PROGRAM, path=environment.get("PATH"))
    if path is None and environment.get("CI"):
        pytest.fail(MISSING, pytrace=False)
    if path is None:
        pytest.skip(MISSING)
    return path
