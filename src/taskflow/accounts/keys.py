"""The key that signs access tokens: made once, kept 0600; verifying needs its public half alone."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from taskflow.base.errors import Unavailable

FILE: Final = "signing-key.pem"
# A group may read it, as a mounted secret's does; nobody else may, and only we may write.
_TOO_OPEN: Final = stat.S_IWGRP | stat.S_IRWXO


def load_signing_key(data_dir: Path) -> Ed25519PrivateKey:
    """The installation's key; made when there is none.

    Raises:
        Unavailable: it cannot be read or kept.
    """
    folder = data_dir / "keys"
    path = folder / FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        if path.stat().st_mode & _TOO_OPEN:
            raise Unavailable(f"the signing key {path} is open to others; run chmod 600 on it")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise Unavailable(f"the signing key {path} cannot be used: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Unavailable(f"the signing key {path} is no Ed25519 key")
    return key


def read_signing_key(data_dir: Path) -> bytes | None:
    """The key's file as it is, for a backup; None when there is none.

    Raises:
        Unavailable: it cannot be read.
    """
    path = data_dir / "keys" / FILE
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable(f"the signing key {path} cannot be read: {error.strerror}") from error


@contextmanager
def replacing_signing_key(data_dir: Path, content: bytes) -> Iterator[None]:
    """Put another key in the place of the present one when the block succeeds.

    Raises:
        Unavailable: it is no key, or cannot be kept; the present one stays.
    """
    path = data_dir / "keys" / FILE
    draft = path.with_name(f".{secrets.token_hex(8)}")
    try:
        load_pem_private_key(content, password=None)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(draft, content)
    except (OSError, ValueError) as error:
        draft.unlink(missing_ok=True)
        raise Unavailable(f"the signing key {path} cannot be replaced: {error}") from error
    try:
        yield
        draft.replace(path)
        _keep_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _make(path: Path) -> None:
    """Write a new key under a name of its own, then take the place; whoever is first wins."""
    draft = path.with_name(f".{secrets.token_hex(8)}")
    key = Ed25519PrivateKey.generate()
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(draft, content)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
    _keep_folder(path.parent)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _keep_folder(path: Path) -> None:
    """Let the disk know what a folder contains."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
