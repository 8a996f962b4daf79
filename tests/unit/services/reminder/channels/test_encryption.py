"""A message for a browser: the standard's own example, to the byte, and what any text becomes."""

from base64 import urlsafe_b64decode

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from taskflow.services.reminder.channels.encryption import MOST_BYTES, encrypt, point

# RFC 8291, appendix A.
TEXT = b"When I grow up, I want to be a watermelon"
BROWSER = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tl"
    "zAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_standards_example_comes_out_to_the_byte() -> None:
    key = ec.derive_private_key(int.from_bytes(raw(SENDER)), ec.SECP256R1())
    assert encrypt(TEXT, raw(BROWSER), raw(AUTH), key=key, salt=raw(SALT)) == raw(BODY)


@given(st.binary(max_size=MOST_BYTES), st.binary(min_size=16, max_size=16))
def test_the_browser_reads_what_was_written(text: bytes, auth: bytes) -> None:
    browser = ec.generate_private_key(ec.SECP256R1())
    body = encrypt(text, point(browser.public_key()), auth)
    read = http_ece.decrypt(body, private_key=browser, auth_secret=auth, version="aes128gcm")
    assert read == text


def test_the_longest_text_fills_what_a_push_service_takes_and_a_longer_one_is_refused() -> None:
    assert len(encrypt(b"a" * MOST_BYTES, raw(BROWSER), raw(AUTH))) == 4_096
    with pytest.raises(ValueError, match="longer"):
        encrypt(b"a" * (MOST_BYTES + 1), raw(BROWSER), raw(AUTH))


def test_the_same_text_is_never_written_alike() -> None:
    one, other = (encrypt(TEXT, raw(BROWSER), raw(AUTH)) for _ in range(2))
    assert one[:16] != other[:16]
    assert one[21:] != other[21:]


def test_a_point_that_is_on_no_curve_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        encrypt(TEXT, b"\x04" + b"\x01" * 64, raw(AUTH))
