"""Only a token that we signed, for us, and that has not expired, is an identity."""

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from taskflow.accounts.model import NotificationPreferences, User
from taskflow.accounts.tokens import sign, verify
from taskflow.base.errors import Unauthenticated

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()
USER = User(UUID(int=1), "a@b.example", "Ada", "UTC", "user", NotificationPreferences(), NOW, NOW)


def token() -> str:
    return sign(USER, UUID(int=2), KEY, NOW, timedelta(minutes=15))


def test_a_token_says_who_its_user_is_and_what_it_may() -> None:
    claims = verify(token(), KEY.public_key(), NOW)
    assert claims.identity.user_id == USER.id
    assert claims.identity.scopes == {"read", "write"}


def test_a_token_is_refused_once_it_has_expired() -> None:
    with pytest.raises(Unauthenticated):
        verify(token(), KEY.public_key(), NOW + timedelta(minutes=15))


def test_a_token_of_another_key_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        verify(token(), Ed25519PrivateKey.generate().public_key(), NOW)


def test_a_token_without_a_signature_is_refused() -> None:
    claims = jwt.decode(token(), options={"verify_signature": False})
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    with pytest.raises(Unauthenticated):
        verify(f"{header}.{body}.", KEY.public_key(), NOW)


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        verify(text, KEY.public_key(), NOW)


@given(st.integers(0, 400), st.characters())
def test_a_token_with_another_character_is_refused(place: int, character: str) -> None:
    good = token()
    at = place % len(good)
    bad = good[:at] + character + good[at + 1 :]
    if bad == good:
        return
    with pytest.raises(Unauthenticated):
        verify(bad, KEY.public_key(), NOW)


def test_a_token_signed_with_our_public_key_as_a_secret_is_refused() -> None:
    claims = jwt.decode(token(), options={"verify_signature": False})
    secret = KEY.public_key().public_bytes_raw()
    forged = jwt.encode(claims, secret, algorithm="HS256")
    with pytest.raises(Unauthenticated):
        verify(forged, KEY.public_key(), NOW)


@pytest.mark.parametrize(
    "nested", ["[" * 100_000, '{"a":' * 50_000, '{"alg":["EdDSA"]}', "1" * 9_999]
)
def test_a_header_made_to_break_the_reader_is_refused(nested: str) -> None:
    header = base64.urlsafe_b64encode(nested.encode()).decode().rstrip("=")
    with pytest.raises(Unauthenticated):
        verify(f"{header}.e30.AA", KEY.public_key(), NOW)


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "sid", "exp"])
def test_a_token_of_ours_for_something_else_is_refused(claim: str) -> None:
    claims = jwt.decode(token(), options={"verify_signature": False})
    for changed in (claims | {claim: "other"}, {k: v for k, v in claims.items() if k != claim}):
        with pytest.raises(Unauthenticated):
            verify(jwt.encode(changed, KEY, algorithm="EdDSA"), KEY.public_key(), NOW)
