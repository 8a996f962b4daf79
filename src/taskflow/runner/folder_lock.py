"""The lock of a data folder: one TaskFlow at a time. The kernel gives it up with our process."""

import fcntl
import os
from pathlib import Path
from typing import IO, Final

from taskflow.base.errors import InUse, Unavailable

FILE: Final = "lock"


def hold(folder: Path) -> IO[str]:
    """Take a folder's lock until the file is closed; the folder is made where there is none.

    Raises:
        InUse: another process has it.
        Unavailable: the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / FILE).open("a+")
    except OSError as error:
        raise _refused(folder, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with lock:
            raise _in_use(folder, _named(lock)) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def holder(folder: Path) -> str | None:
    """The process that runs on a folder, as its lock names it; None when there is none.

    Raises:
        Unavailable: the folder cannot be read.
    """
    try:
        with (folder / FILE).open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _named(lock)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise _refused(folder, error) from error
    return None


def refuse_held(folder: Path) -> None:
    """See to it that nobody runs on a folder.

    Raises:
        InUse: somebody does.
        Unavailable: the folder cannot be read.
    """
    if process := holder(folder):
        raise _in_use(folder, process)


def _named(lock: IO[str]) -> str:
    lock.seek(0)
    return lock.read().strip() or "unknown"


def _in_use(folder: Path, process: str) -> InUse:
    return InUse(
        f"the data folder {folder} is in use by another TaskFlow (process {process}); "
        "stop it, or set TASKFLOW_DATA_DIR to another folder"
    )


def _refused(folder: Path, error: OSError) -> Unavailable:
    return Unavailable(f"the data folder {folder}: {error.strerror}")
