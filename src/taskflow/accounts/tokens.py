"""Tokens: signed access tokens (EdDSA), and opaque ones of which only a hash is kept."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from taskflow.accounts.model import Identity, Role, User, scopes_of
from taskflow.base.errors import Unauthenticated

ALGORITHM: Final = "EdDSA"
ISSUER: Final = "taskflow"
PERSONAL_PREFIX: Final = "tfp_"
REFRESH_PREFIX: Final = "tfr_"
_REQUIRED: Final = ["exp", "iat", "sub", "sid", "iss", "aud", "role", "name"]


class Claims(NamedTuple):
    """What a valid access token says."""

    identity: Identity
    expires_at: datetime


def sign(
    user: User, session_id: UUID, key: Ed25519PrivateKey, now: datetime, lifetime: timedelta
) -> str:
    """An access token for a session of a user."""
    claims = {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": str(user.id),
        "sid": str(session_id),
        "name": user.name,
        "role": user.role,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "jti": secrets.token_hex(8),
    }
    return jwt.encode(claims, key, algorithm=ALGORITHM)


def verify(token: str, key: Ed25519PublicKey, now: datetime) -> Claims:
    """Read an access token.

    Raises:
        Unauthenticated: it is expired, forged, of another algorithm, or broken.
    """
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=ISSUER,
            options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
        )
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        user_id, session_id = UUID(claims["sub"]), UUID(claims["sid"])
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
        raise Unauthenticated("the access token is not valid") from error
    if expires_at <= now:
        raise Unauthenticated("the access token has expired; refresh it or log in again")
    role: Role = "admin" if claims["role"] == "admin" else "user"
    identity = Identity(
        user_id=user_id,
        actor_type="user",
        actor_id=str(user_id),
        name=str(claims["name"]),
        role=role,
        scopes=scopes_of(role),
        session_id=session_id,
        expires_at=expires_at,
    )
    return Claims(identity, expires_at)


def new_opaque(prefix: str) -> str:
    """A fresh token of 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is kept of an opaque token; its randomness needs no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
