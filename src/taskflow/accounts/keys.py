"""The key that signs access tokens, made once and kept 0600, and its public half that verifies.

Only the Task API loads the private key. Everybody else is given the public one: from the file that
stands beside the private one, or from a setting where no folder is shared.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from taskflow.base.durable import sync_folder
from taskflow.base.errors import Unavailable
from taskflow.base.keyfiles import is_open_to_others, make_once, write_draft

FILE: Final = "signing-key.pem"
PUBLIC_FILE: Final = "verifying-key.pem"

log = structlog.get_logger()


def load_signing_key(data_dir: Path) -> Ed25519PrivateKey:
    """The installation's key; made when there is none. Its public half is written beside it.

    Raises:
        Unavailable: it cannot be read or kept.
    """
    folder = data_dir / "keys"
    path = folder / FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        if is_open_to_others(path):
            raise Unavailable(f"the signing key {path} is open to others; run chmod 600 on it")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise Unavailable(f"the signing key {path} cannot be used: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Unavailable(f"the signing key {path} is no Ed25519 key")
    _publish(key, folder / PUBLIC_FILE)
    return key


def load_verifying_key(data_dir: Path, pem: str | None = None) -> Ed25519PublicKey:
    """The public key of the installation; never touches the private one.

    Args:
        data_dir: Where the Task API wrote it.
        pem: The key itself, where it is a setting.

    Raises:
        Unavailable: there is none yet, or it is none.
    """
    path = data_dir / "keys" / PUBLIC_FILE
    source = "TASKFLOW_VERIFYING_KEY" if pem else str(path)
    try:
        content = pem.encode() if pem else path.read_bytes()
    except OSError as error:
        raise Unavailable(
            f"there is no public key at {path}: start the Task API on this folder first, or name a "
            f"copy of its file with TASKFLOW_VERIFYING_KEY_FILE ({error.strerror})"
        ) from error
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise Unavailable(f"{source} holds no public key of Ed25519 in PEM")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """By what an installation is told from others; says nothing of the key itself."""
    return sha256(key.public_bytes_raw()).hexdigest()[:16]


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
    try:
        key = _private(content)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = write_draft(path, content, 0o600)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Unavailable(f"the signing key {path} cannot be replaced: {error}") from error
    try:
        yield
        draft.replace(path)
        sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)
    # Whoever starts before the Task API does must not verify with the former key's half.
    _publish(key, path.with_name(PUBLIC_FILE))


def _private(content: bytes) -> Ed25519PrivateKey:
    key = load_pem_private_key(content, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("it is no Ed25519 key")
    return key


def _make(path: Path) -> None:
    """Write a new key; whoever is first wins."""
    key = Ed25519PrivateKey.generate()
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    make_once(path, content)


def _publish(key: Ed25519PrivateKey, path: Path) -> None:
    """Write the public key, where it is not there yet; a folder that is only mounted stays so."""
    content = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        if not path.exists() or path.read_bytes() != content:
            write_draft(path, content, 0o644).replace(path)
            sync_folder(path.parent)
    except OSError as error:
        log.warning("keys.public_key_not_written", path=str(path), reason=error.strerror)
