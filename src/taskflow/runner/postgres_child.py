"""The database's process and the operating system: its account, and that it ends with us."""

import asyncio
import ctypes
import os
import pwd
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, NamedTuple

from taskflow.base.clock import monotonic
from taskflow.base.errors import Unavailable

PR_SET_PDEATHSIG: Final = 1
STEP_SECONDS: Final = 0.01
STOP_SECONDS: Final = 8.0
# A server that can do anything at all begins to shut down at once.
HEED_SECONDS: Final = 2.0
_STATUS_LINE: Final = 7
# An id that Linux gives to no process: its greatest is 2 ** 22.
NOBODY: Final = 2**22 + 1
_ACCOUNTS: Final = ("taskflow", "postgres", "nobody")
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


class Account(NamedTuple):
    """An unprivileged account of this machine."""

    name: str
    uid: int
    gid: int

    def can(self, right: Literal["r", "x"], path: Path) -> bool:
        """Whether it may read or enter a path, by the permissions of all that leads there."""
        leading = all(self._has("x", parent) for parent in path.resolve().parents)
        return leading and self._has(right, path)

    def _has(self, right: Literal["r", "x"], path: Path) -> bool:
        status = path.stat()
        if status.st_uid == self.uid:
            bit = stat.S_IRUSR if right == "r" else stat.S_IXUSR
        elif status.st_gid == self.gid:
            bit = stat.S_IRGRP if right == "r" else stat.S_IXGRP
        else:
            bit = stat.S_IROTH if right == "r" else stat.S_IXOTH
        return bool(status.st_mode & bit)


def unprivileged_account() -> Account:
    """The account that runs the database when we are root; none is ever made.

    Raises:
        Unavailable: this machine has none that is known.
    """
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise Unavailable(
        f"PostgreSQL may not run as root, and none of the accounts {', '.join(_ACCOUNTS)} is here; "
        "start TaskFlow as a normal user"
    )


def owner_of(path: Path) -> Account | None:
    """The unprivileged account that owns a path; None where there is none, or it is root's."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    if status.st_uid == 0:
        return None
    try:
        name = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        name = f"user {status.st_uid}"
    return Account(name, status.st_uid, status.st_gid)


def die_with_parent() -> None:
    """Ask the kernel for a clean shutdown of this process when the thread that made it dies."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)


async def end(process: subprocess.Popen[bytes], cluster: Path) -> None:
    """End a server that we started: cleanly, by force when that takes too long or it is frozen."""

    def has_ended() -> bool:
        return process.poll() is not None

    process.send_signal(signal.SIGINT)
    heeds = await becomes_true(lambda: has_ended() or _is_leaving(cluster), HEED_SECONDS)
    if heeds and await becomes_true(has_ended, STOP_SECONDS):
        return
    for number, patience_seconds in ((signal.SIGQUIT, 1.0), (signal.SIGKILL, STOP_SECONDS)):
        process.send_signal(number)
        if await becomes_true(has_ended, patience_seconds):
            return


def _is_leaving(cluster: Path) -> bool:
    """Whether a server says that it shuts down, or has done so."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except OSError:
        return True
    return lines[_STATUS_LINE:] != [] and lines[_STATUS_LINE].strip() == "stopping"


async def end_leftover(cluster: Path) -> None:
    """Stop a server of this cluster that outlived its TaskFlow; only then may ours start."""
    lock = cluster / "postmaster.pid"
    try:
        pid = int(lock.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return
    if _serves(pid, cluster):
        await _end(pid, cluster)
    if _serves(pid, cluster) is False:
        _disown(lock)


async def _end(pid: int, cluster: Path) -> None:
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        if await becomes_true(lambda: not _serves(pid, cluster), STOP_SECONDS):
            return


def _disown(lock: Path) -> None:
    """Take a process that is no server out of a server's lock file, which PostgreSQL would heed.

    The rest stays, by which PostgreSQL finds out whether others of the old server still live.
    """
    try:
        rest = lock.read_text().partition("\n")[2]
        lock.write_text(f"{NOBODY}\n{rest}")
    except FileNotFoundError:
        return


async def becomes_true(is_so: Callable[[], bool], patience_seconds: float) -> bool:
    """Whether it became so in time."""
    deadline = monotonic() + patience_seconds
    while not is_so():
        if monotonic() > deadline:
            return False
        await asyncio.sleep(STEP_SECONDS)
    return True


def _serves(pid: int, cluster: Path) -> bool | None:
    """Whether a process is the server of a cluster; None where there is none, or none can be seen.

    It is not when it has ended and waits for its parent to notice, or was given the id since.
    """
    try:
        return os.fsencode(cluster) in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None
