"""A PostgreSQL that speaks TLS, as a process of its own; the embedded one is built without."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from tests.distributed.ports import free_ports
from tests.distributed.programs import Program
from tests.servers import OLDEST, binaries

ACCOUNT = "postgres"
OWNER, PASSWORD = "owner", "p w'of the tests"
RULES = """
hostssl all certified all cert clientcert=verify-full
{kind} all {owner} all scram-sha-256
"""
OPTIONS = (
    "listen_addresses=127.0.0.1,127.0.0.2",
    "unix_socket_directories=",
    "password_encryption=scram-sha-256",
    "fsync=off",
)


class TlsPostgres(Program):
    """Debian's PostgreSQL on a cluster of its own.

    Args:
        folder: For its data, reachable for an unprivileged account.
        certificate: Its key and certificate in one file; without, it speaks no TLS.
        authority: Whose certificates it believes.
    """

    def __init__(self, folder: Path, certificate: Path | None, authority: Path) -> None:
        found = binaries(OLDEST)
        folder.mkdir(mode=0o755)
        self.port = next(free_ports())
        cluster = folder / "cluster"
        words = folder / "password"
        words.write_text(PASSWORD)
        options = list(OPTIONS)
        if certificate is not None:
            for name, path in (("server.pem", certificate), ("authority.pem", authority)):
                shutil.copy(path, folder / name)
                (folder / name).chmod(0o600)
            options += [
                "ssl=on",
                f"ssl_cert_file={folder / 'server.pem'}",
                f"ssl_key_file={folder / 'server.pem'}",
                f"ssl_ca_file={folder / 'authority.pem'}",
            ]
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, ACCOUNT)
        self._run(
            found.program("initdb"),
            f"--pgdata={cluster}",
            f"--username={OWNER}",
            f"--pwfile={words}",
            "--auth=scram-sha-256",
            "--no-sync",
        )
        kind = "host" if certificate is None else "hostssl"
        (cluster / "pg_hba.conf").write_text(RULES.format(kind=kind, owner=OWNER))
        command = [found.program("postgres"), "-D", str(cluster), "-p", str(self.port)]
        for option in options:
            command += ["-c", option]
        ready = [found.program("pg_isready"), "-h", "127.0.0.1", "-p", str(self.port)]
        super().__init__(
            "postgres",
            command,
            folder,
            is_ready=lambda: (
                subprocess.run(ready, capture_output=True, check=False).returncode == 0
            ),
            user=pwd.getpwnam(ACCOUNT).pw_uid,
        )

    def dsn(
        self,
        query: Mapping[str, object] | None = None,
        *,
        host: str = "127.0.0.1",
        user: str = OWNER,
    ) -> str:
        """The server's address; `query` are parameters of the connection."""
        login = user if user != OWNER else f"{OWNER}:{quote(PASSWORD, safe='')}"
        rest = "&".join(
            f"{name}={quote(str(value), safe='')}" for name, value in (query or {}).items()
        )
        return f"postgresql://{login}@{host}:{self.port}/postgres?{rest}"

    def _run(self, *command: str) -> None:
        environment = os.environ | {"LC_ALL": "C.UTF-8"}
        subprocess.run(command, check=True, capture_output=True, user=ACCOUNT, env=environment)
