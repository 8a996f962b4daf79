"""The key by which push services know this installation (RFC 8292), made once and kept 0600.

Browsers bind their subscription to its public half: with another key all of them are void.
"""

from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from taskflow.base.errors import Unavailable
from taskflow.base.keyfiles import (
    is_open_to_others,
    make_once,
    read_if_there,
    replace_key,
)
from taskflow.services.reminder.channels.encryption import point

FILE: Final = "web-push-key.pem"
# At most a day (RFC 8292, 2); long enough for clocks that differ.
VALID: Final = timedelta(hours=12)


def load_key(data_dir: Path, pem: str | None = None) -> EllipticCurvePrivateKey:
    """The installation's key; made in the data folder when there is none.

    Args:
        data_dir: Where it is kept.
        pem: The key itself, where it is a setting.

    Raises:
        Unavailable: it cannot be read or kept, or is none.
    """
    path = data_dir / "keys" / FILE
    source = "TASKFLOW_WEB_PUSH_KEY" if pem else str(path)
    try:
        content = pem.encode() if pem else _kept(path)
        key = load_pem_private_key(content, password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Unavailable(f"the key of Web Push {source} cannot be used") from error
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise Unavailable(f"the key of Web Push {source} is none of P-256")
    return key


def read_kept(data_dir: Path) -> bytes | None:
    """The key's file as it is, for a backup; None where there is none.

    Raises:
        Unavailable: it cannot be read.
    """
    try:
        return read_if_there(data_dir / "keys" / FILE)
    except OSError as error:
        raise Unavailable(f"the key of Web Push cannot be read: {error.strerror}") from error


def replace_kept(data_dir: Path, content: bytes) -> None:
    """Put the key of a backup in the place of the present one.

    Raises:
        Unavailable: it cannot be kept.
    """
    try:
        replace_key(data_dir / "keys" / FILE, content)
    except OSError as error:
        raise Unavailable(f"the key of Web Push cannot be kept: {error.strerror}") from error


def public_text(key: EllipticCurvePrivateKey) -> str:
    """The public half as a browser takes it (`applicationServerKey`), base64url."""
    return urlsafe_b64encode(point(key.public_key())).rstrip(b"=").decode()


def authorization(
    key: EllipticCurvePrivateKey, audience: str, now: datetime, contact: str | None
) -> str:
    """What says to a push service who sends.

    Args:
        key: The installation's.
        audience: The origin of the push service.
        now: The time.
        contact: `mailto:` or `https:` of the operator, where we know one.
    """
    claims: dict[str, object] = {"aud": audience, "exp": int((now + VALID).timestamp())}
    if contact is not None:
        claims["sub"] = contact
    return f"vapid t={jwt.encode(claims, key, algorithm='ES256')}, k={public_text(key)}"


def _kept(path: Path) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        key = generate_private_key(SECP256R1())
        make_once(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    if is_open_to_others(path):
        raise Unavailable(f"the key {path} is open to others; run chmod 600 on it")
    return path.read_bytes()
