"""The signing key on a disk: made once whoever is first, and nobody else's to read."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from taskflow.accounts.keys import FILE, load_signing_key
from taskflow.base.errors import Unavailable


def raw(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes_raw()


def test_the_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    first = load_signing_key(tmp_path)
    assert raw(load_signing_key(tmp_path)) == raw(first)
    assert (tmp_path / "keys" / FILE).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_those_who_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = {raw(key) for key in pool.map(load_signing_key, [tmp_path] * 32)}
    assert len(keys) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == [FILE]


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    load_signing_key(tmp_path)
    (tmp_path / "keys" / FILE).chmod(0o644)
    with pytest.raises(Unavailable, match="open to others"):
        load_signing_key(tmp_path)


def test_a_damaged_key_is_told_of_and_not_replaced(tmp_path: Path) -> None:
    load_signing_key(tmp_path)
    path = tmp_path / "keys" / FILE
    path.write_text("not a key")
    with pytest.raises(Unavailable, match="cannot be used"):
        load_signing_key(tmp_path)
    assert path.read_text() == "not a key"
