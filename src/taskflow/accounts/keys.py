"""The key that signs access tokens: made once, kept 0600; verifying needs its public half alone."""

import os
import secrets
import stat
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


def _make(path: Path) -> None:
    """Write a new key under a name of its own, then take the place; whoever is first wins."""
    draft = path.with_name(f".{secrets.token_hex(8)}")
    key = Ed25519PrivateKey.generate()
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
