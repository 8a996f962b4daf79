"""The embedded PostgreSQL: prepared at the first start, supervised, stopped with us.

It listens on a Unix socket in a folder that only its account may enter. On Linux the kernel tells
it to shut down cleanly when our process dies, however that happens; elsewhere, and when it takes a
moment longer, the next start stops what it finds running.
"""

import asyncio
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote

import asyncpg

from taskflow.base.clock import monotonic
from taskflow.base.errors import Conflict, Unavailable
from taskflow.runner.addresses import NO_TLS
from taskflow.runner.folder_lock import hold
from taskflow.runner.postgres_binaries import Binaries, copied, find_binaries
from taskflow.runner.postgres_child import (
    STEP_SECONDS,
    Account,
    die_with_parent,
    end,
    end_leftover,
    owner_of,
    unprivileged_account,
)
from taskflow.runner.postgres_options import server_options

OWNER: Final = "taskflow"
PORT: Final = 5432
START_SECONDS: Final = 60.0
MAX_SOCKET_BYTES: Final = 107
MAX_LOG_BYTES: Final = 4 * 1024 * 1024


class EmbeddedPostgres:
    """A PostgreSQL server of our own.

    Args:
        data_dir: TaskFlow's folder; the database gets `postgres` within it.
        say: Told of what takes longer than a second.
        max_connections: How many it takes at once.
        binaries: PostgreSQL's programs; None takes those that are found.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        say: Callable[[str], None] = lambda _text: None,
        max_connections: int = 60,
        binaries: Binaries | None = None,
    ) -> None:
        # The server works in a folder of its own, so a relative path would mean another place.
        self._root = data_dir.absolute()
        self._home = self._root / "postgres"
        self._cluster = self._home / "cluster"
        self._password_file = self._home / "password"
        self._log = self._home / "server.log"
        self._say = say
        self._max_connections = max_connections
        self._account: Account | None = None
        self._found = binaries
        self._socket_dir: Path | None = None
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def binaries(self) -> Path:
        """The folder of `pg_dump` and the like."""
        return (self._found or find_binaries()).folder

    @property
    def pid(self) -> int | None:
        """The server's process, while there is one."""
        return self._process.pid if self._process else None

    def dsn(self, database: str = OWNER, user: str = OWNER) -> str:
        """The address of a database, with the password."""
        password = self._password_file.read_text().strip()
        place = quote(str(self._socket_dir), safe="")
        way = f"host={place}&port={PORT}&{NO_TLS}"
        return f"postgresql://{user}:{password}@/{database}?{way}"

    async def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            InUse: another TaskFlow holds the folder.
            Conflict: the folder is of another version of PostgreSQL.
            Unavailable: the server cannot be prepared or does not start; the detail says why.
        """
        self._lock = hold(self._root)
        try:
            self._found = self._found or find_binaries()
            self._prepare_account()
            await end_leftover(self._cluster)
            if not (self._cluster / "PG_VERSION").exists():
                await self._initialise()
            self._refuse_other_version()
            self._launch()
            await self._wait_until_ready()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Shut the server down: cleanly, and by force when that takes too long or it is frozen."""
        process, self._process = self._process, None
        if process is not None:
            await end(process, self._cluster)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def exited(self) -> int:
        """Wait until the server ends by itself; returns its exit code."""
        process = self._process
        if process is None:
            return 0
        return await asyncio.to_thread(process.wait)

    def _prepare_account(self) -> None:
        """PostgreSQL refuses to run as root: then an unprivileged account takes its part."""
        self._home.mkdir(mode=0o700, exist_ok=True)
        self._refuse_foreign()
        if os.geteuid() == 0:
            self._account = owner_of(self._cluster) or unprivileged_account()
            os.chown(self._home, self._account.uid, self._account.gid)
            self._reach_binaries(self._account)
            self._refuse_unreachable(self._account)
        # The pools know the address: a server that is started again has to be found there.
        self._socket_dir = self._socket_dir or self._make_socket_dir()
        if self._log.exists() and self._log.stat().st_size > MAX_LOG_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))

    def _refuse_foreign(self) -> None:
        """Root runs the database as whoever owns it; anybody else only their own."""
        owner = owner_of(self._cluster)
        if owner is not None and os.geteuid() not in (0, owner.uid):
            raise Conflict(
                f"the data folder {self._root} belongs to {owner.name}; start TaskFlow as "
                f"{owner.name}, or set TASKFLOW_DATA_DIR to a folder of your own"
            )

    def _reach_binaries(self, account: Account) -> None:
        """Copy the programs into our folder where the account cannot run them in place."""
        found = self._found or find_binaries()
        if account.can("x", found.folder / "postgres"):
            return
        self._say("copying PostgreSQL's programs, once")
        self._found = copied(found, self._root / "programs")

    def _refuse_unreachable(self, account: Account) -> None:
        program = self.binaries / "postgres"
        for place in (self._home, program):
            if not account.can("x", place):
                raise Unavailable(
                    f"PostgreSQL may not run as root, and the account {account.name} cannot reach "
                    f"{place}; set TASKFLOW_DATA_DIR to a folder that it can reach, such as "
                    "/var/lib/taskflow, or start TaskFlow as a normal user"
                )

    def _make_socket_dir(self) -> Path:
        place = self._home / "socket"
        if len(os.fsencode(place / f".s.PGSQL.{PORT}")) >= MAX_SOCKET_BYTES:
            place = Path(tempfile.mkdtemp(prefix="taskflow-"))
        place.mkdir(mode=0o700, exist_ok=True)
        if self._account is not None:
            os.chown(place, self._account.uid, self._account.gid)
        return place

    async def _initialise(self) -> None:
        """Make the cluster beside its place and move it there whole."""
        self._say("preparing the database (first start)")
        draft = self._home / "cluster.new"
        shutil.rmtree(draft, ignore_errors=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(32) + "\n")
        if self._account is not None:
            os.chown(self._password_file, self._account.uid, self._account.gid)
        found = self._found or find_binaries()
        command = [found.program("initdb"), "-A", "scram-sha-256", "-U", OWNER, "-E", "UTF8"]
        command += ["--pwfile", str(self._password_file), "-D", str(draft), "--no-instructions"]
        if found.major >= 17:  # noqa: PLR2004 - the first with a locale provider of its own
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        else:
            command += ["--locale=C.UTF-8"]
        await asyncio.to_thread(self._run_initdb, command)
        draft.rename(self._cluster)

    def _run_initdb(self, command: list[str]) -> None:
        result = subprocess.run(  # noqa: S603 - a program that we found ourselves
            command, capture_output=True, text=True, check=False, **self._as_account()
        )
        if result.returncode:
            last = " ".join(result.stderr.strip().splitlines()[-3:])
            raise Unavailable(f"the database could not be prepared in {self._home}: {last}")

    def _refuse_other_version(self) -> None:
        present = (self._cluster / "PG_VERSION").read_text().strip()
        ours = str((self._found or find_binaries()).major)
        if present != ours:
            raise Conflict(
                f"the data folder {self._root} is of PostgreSQL {present}, this is {ours}; "
                "back it up with the TaskFlow that wrote it, and restore that into a new folder"
            )

    def _launch(self) -> None:
        found = self._found or find_binaries()
        options = server_options(found.major, str(self._socket_dir), PORT, self._max_connections)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a program that we found ourselves
                [found.program("postgres"), "-D", str(self._cluster), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - set before any thread matters
                **self._as_account(),
            )

    def _as_account(self) -> dict[str, Any]:
        if self._account is None:
            return {}
        account = self._account
        return {"user": account.uid, "group": account.gid, "extra_groups": [], "cwd": "/"}

    async def _wait_until_ready(self) -> None:
        deadline = monotonic() + START_SECONDS
        while monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                connection = await asyncpg.connect(self.dsn("postgres"), timeout=5)
            except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
                await asyncio.sleep(STEP_SECONDS)
                continue
            try:
                await _create_database(connection)
            finally:
                await connection.close()
            return
        raise Unavailable(
            f"the database did not start: {self._last_words()}; start TaskFlow again in a few "
            f"seconds, and if it says the same, see {self._log}"
        )

    def _last_words(self) -> str:
        try:
            lines = self._log.read_text(errors="replace").strip().splitlines()
        except OSError as error:
            return str(error)
        return " | ".join(lines[-3:]) or "it said nothing"


async def _create_database(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", OWNER):
        await connection.execute(f"CREATE DATABASE {OWNER}")
