"""PostgreSQL as a server on TCP, prepared as docker-compose.yaml's image prepares its own."""

import os
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.distributed.programs import ROOT, STEP_SECONDS, STOP_SECONDS, Program

from taskflow.runner.postgres_binaries import Binaries, copied, find_binaries
from taskflow.runner.postgres_child import unprivileged_account

LOGINS = ROOT / "compose" / "postgres" / "logins.sh"
SUPERUSER = "postgres"


class Postgres(Program):
    """The server of the file, with the passwords of its secrets.

    Args:
        folder: For its data; an unprivileged account must be able to reach it.
        port: Where it listens.
        secrets: Where the passwords are.
        connections: How many it takes at once.
    """

    def __init__(self, folder: Path, port: int, secrets: Path, connections: int = 200) -> None:
        self._cluster = folder / "cluster"
        self._port = port
        self._secrets = secrets
        self._account = unprivileged_account() if os.geteuid() == 0 else None
        self._binaries = self._reachable(folder)
        folder.mkdir(mode=0o755, exist_ok=True)
        if self._account is not None:
            os.chown(folder, self._account.uid, self._account.gid)
        command = [self._binaries.program("postgres"), "-D", str(self._cluster)]
        for option in (
            "listen_addresses=127.0.0.1",
            f"port={port}",
            "unix_socket_directories=",
            f"max_connections={connections}",
        ):
            command += ["-c", option]
        super().__init__(
            "postgres",
            command,
            folder,
            is_ready=self._is_ready,
            user=self._account.uid if self._account else None,
        )

    def kill(self) -> None:
        """`kill -9`; its children end soon after, and until then no other may use their memory."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        super().kill()
        deadline = time.monotonic() + STOP_SECONDS
        while left := [one for one in children if _lives(one)]:
            assert time.monotonic() < deadline, f"of {self.name} there are still {left}"
            time.sleep(STEP_SECONDS)

    def prepare(self) -> None:
        """Make its data; what the image's own entry point does."""
        password = self._secrets / "postgres_password"
        words = self._cluster.parent / "password"
        words.write_text(password.read_text())
        words.chmod(0o644)
        self._run(
            "initdb",
            f"--pgdata={self._cluster}",
            f"--username={SUPERUSER}",
            f"--pwfile={words}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
        )

    def make_logins(self) -> None:
        """Run the project's own script, as the image does once the server answers."""
        known = {
            "PATH": f"{self._binaries.folder}:{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self._port),
            "PGPASSWORD": (self._secrets / "postgres_password").read_text().strip(),
            "POSTGRES_USER": SUPERUSER,
            "OWNER_PASSWORD_FILE": str(self._secrets / "postgres_owner_password"),
            "SERVICE_PASSWORD_FILE": str(self._secrets / "postgres_service_password"),
        }
        subprocess.run(["/bin/sh", str(LOGINS)], env=known, check=True, capture_output=True)

    def _is_ready(self) -> bool:
        address = ("--quiet", "--host=127.0.0.1", f"--port={self._port}")
        asked = subprocess.run([self._binaries.program("pg_isready"), *address], check=False)
        return asked.returncode == 0

    def _reachable(self, folder: Path) -> Binaries:
        found = find_binaries()
        if self._account is None or self._account.can("x", found.folder / "postgres"):
            return found
        return copied(found, folder.parent / "programs")

    def _run(self, program: str, *arguments: str) -> None:
        as_account: dict[str, Any] = (
            {"user": self._account.uid, "group": self._account.gid} if self._account else {}
        )
        done = subprocess.run(
            [self._binaries.program(program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **as_account,
        )
        assert done.returncode == 0, done.stderr


def _lives(pid: str) -> bool:
    """Whether a process has not ended; of one that nobody has waited for the command is empty."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except (FileNotFoundError, ProcessLookupError):
        return False
