"""Files of keys: written whole or not at all, once, and open to nobody else."""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from taskflow.base.durable import sync_folder

# A group may read it, as a mounted secret's does; nobody else may, and only we may write.
_TOO_OPEN: Final = stat.S_IWGRP | stat.S_IRWXO


def is_open_to_others(path: Path) -> bool:
    """Whether a key's file can be read by anybody, or written by a group.

    Raises:
        OSError: nobody can say.
    """
    return bool(path.stat().st_mode & _TOO_OPEN)


def make_once(path: Path, content: bytes) -> None:
    """Write a new private key, where there is none; whoever is first wins.

    Raises:
        OSError: it cannot be kept.
    """
    draft = write_draft(path, content, 0o600)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
    sync_folder(path.parent)


def read_if_there(path: Path) -> bytes | None:
    """A key's file as it is; None where there is none.

    Raises:
        OSError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def replace_key(path: Path, content: bytes) -> None:
    """Put a private key in the place of the present one, if there is one.

    Raises:
        OSError: it cannot be kept; the present one stays.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_draft(path, content, 0o600).replace(path)
    sync_folder(path.parent)


def write_draft(path: Path, content: bytes, mode: int) -> Path:
    """Write a file under a name of its own, for it to take its place at once.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    draft = path.with_name(f".{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return draft
