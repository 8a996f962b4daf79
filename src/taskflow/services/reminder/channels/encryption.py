"""Encrypts a Web Push message so that nobody but the browser it is for can read it.

Pure but for chance. RFC 8291 over RFC 8188 (`aes128gcm`), in one record.
"""

import secrets
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SALT_BYTES: Final = 16
AUTH_BYTES: Final = 16
POINT_BYTES: Final = 65
RECORD_BYTES: Final = 4_096
# A push service takes 4,096 bytes: a header, the text, a delimiter and a tag of 16 (RFC 8291, 4).
MOST_BYTES: Final = RECORD_BYTES - (SALT_BYTES + 4 + 1 + POINT_BYTES) - 1 - 16
_LAST: Final = b"\x02"


def encrypt(
    text: bytes,
    public_key: bytes,
    auth: bytes,
    *,
    key: EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The body of a request to a push service.

    Args:
        text: At most `MOST_BYTES`.
        public_key: The browser's `p256dh`, an uncompressed point of P-256.
        auth: The browser's `auth`, 16 bytes.
        key: For this message alone; fresh by default.
        salt: 16 bytes; fresh by default.

    Raises:
        ValueError: the key is none, or the text is too long.
    """
    if len(text) > MOST_BYTES:
        raise ValueError(f"the text is longer than {MOST_BYTES} bytes")
    theirs = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), public_key)
    key = key or generate_private_key(SECP256R1())
    salt = salt or secrets.token_bytes(SALT_BYTES)
    ours = point(key.public_key())
    shared = key.exchange(ECDH(), theirs)
    secret = _derive(shared, auth, b"WebPush: info\0" + public_key + ours, 32)
    content_key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD_BYTES.to_bytes(4) + bytes([len(ours)]) + ours
    return header + AESGCM(content_key).encrypt(nonce, text + _LAST, None)


def point(key: EllipticCurvePublicKey) -> bytes:
    """A public key as an uncompressed point, the form of everything in Web Push."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derive(secret: bytes, salt: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, purpose).derive(secret)
