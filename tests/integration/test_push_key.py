"""The key of Web Push: made once, closed to others, and part of a backup."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.installation import Installation

from taskflow.base.errors import Unavailable
from taskflow.services.reminder.channels.vapid import FILE, load_key, public_text


def pem_of(key: object) -> str:
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_it_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    first = public_text(load_key(tmp_path))
    assert public_text(load_key(tmp_path)) == first
    path = tmp_path / "keys" / FILE
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(Unavailable, match="chmod 600"):
        load_key(tmp_path)


def test_a_setting_wins_and_nothing_is_written(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    assert public_text(load_key(tmp_path, pem_of(key))) == public_text(key)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pem", ["x", pem_of(ec.generate_private_key(ec.SECP384R1()))])
def test_what_is_no_such_key_is_said_without_showing_it(tmp_path: Path, pem: str) -> None:
    with pytest.raises(Unavailable, match="TASKFLOW_WEB_PUSH_KEY") as raised:
        load_key(tmp_path, pem)
    assert "BEGIN" not in str(raised.value)


async def test_a_restored_installation_is_still_known_to_browsers(
    full: Installation, empty: Installation, tmp_path: Path
) -> None:
    before = public_text(load_key(full.folder))
    await full.back_up(tmp_path / "taskflow.zip")
    await empty.restore(tmp_path / "taskflow.zip")
    assert public_text(load_key(empty.folder)) == before
