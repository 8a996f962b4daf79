"""The signing key on a disk: made once whoever is first, and nobody else's to read."""

import errno
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from taskflow.accounts.keys import FILE, PUBLIC_FILE, load_signing_key, load_verifying_key
from taskflow.base.errors import Unavailable
from taskflow.base.settings import Settings
from taskflow.runner.keys import verifying_key
from taskflow.runner.processes import load


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
    assert {path.name for path in (tmp_path / "keys").iterdir()} == {FILE, PUBLIC_FILE}


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


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def pem_of(folder: Path) -> str:
    return (folder / "keys" / PUBLIC_FILE).read_text()


def test_the_public_key_stands_beside_the_private_one_and_verifies(tmp_path: Path) -> None:
    key = load_signing_key(tmp_path)
    assert load_verifying_key(tmp_path).public_bytes_raw() == public(key)
    assert "PUBLIC KEY" in pem_of(tmp_path)
    assert (tmp_path / "keys" / PUBLIC_FILE).stat().st_mode & 0o777 == 0o644


def test_verifying_needs_no_private_key(tmp_path: Path) -> None:
    key = load_signing_key(tmp_path / "api")
    (tmp_path / "audit" / "keys").mkdir(parents=True)
    (tmp_path / "audit" / "keys" / PUBLIC_FILE).write_text(pem_of(tmp_path / "api"))
    assert load_verifying_key(tmp_path / "audit").public_bytes_raw() == public(key)
    assert not (tmp_path / "audit" / "keys" / FILE).exists()


def test_a_key_that_is_set_goes_before_the_one_on_the_disk(tmp_path: Path) -> None:
    key = load_signing_key(tmp_path / "api")
    load_signing_key(tmp_path / "other")
    found = load_verifying_key(tmp_path / "other", pem_of(tmp_path / "api"))
    assert found.public_bytes_raw() == public(key)
    assert load_verifying_key(tmp_path / "none", pem_of(tmp_path / "api")) is not None


def test_a_public_key_that_is_missing_or_none_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="TASKFLOW_VERIFYING_KEY_FILE"):
        load_verifying_key(tmp_path)
    with pytest.raises(Unavailable, match="no public key"):
        load_verifying_key(tmp_path, "not a key")
    assert list(tmp_path.iterdir()) == []


def test_a_private_key_where_the_public_one_belongs_is_refused_and_not_shown(
    tmp_path: Path,
) -> None:
    load_signing_key(tmp_path)
    secret = (tmp_path / "keys" / FILE).read_text()
    with pytest.raises(Unavailable, match="no public key") as refused:
        load_verifying_key(tmp_path, secret)
    assert not any(line in str(refused.value) for line in secret.splitlines())


def test_a_public_key_of_another_private_one_is_brought_up_to_date(tmp_path: Path) -> None:
    load_signing_key(tmp_path)
    (tmp_path / "keys" / FILE).unlink()
    key = load_signing_key(tmp_path)
    assert load_verifying_key(tmp_path).public_bytes_raw() == public(key)


def test_a_folder_that_cannot_be_written_is_enough_for_a_key_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = load_signing_key(tmp_path)
    (tmp_path / "keys" / PUBLIC_FILE).unlink()

    def refuse(*_arguments: object, **_options: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("os.open", refuse)
    assert raw(load_signing_key(tmp_path)) == raw(key)
    assert not (tmp_path / "keys" / PUBLIC_FILE).exists()


@pytest.mark.parametrize(
    "name", ["recurring-processor", "reminder", "notification", "audit-logger"]
)
def test_a_process_without_the_task_api_never_opens_the_private_key(
    tmp_path: Path, name: str
) -> None:
    key = load_signing_key(tmp_path)
    (tmp_path / "keys" / FILE).unlink()
    settings = Settings.load({"data_dir": tmp_path})
    assert verifying_key(settings, [load(name)]).public_bytes_raw() == public(key)
    assert not (tmp_path / "keys" / FILE).exists()


def test_a_process_with_the_task_api_makes_the_key(tmp_path: Path) -> None:
    settings = Settings.load({"data_dir": tmp_path})
    found = verifying_key(settings, [load("audit-logger"), load("task-api")])
    assert found.public_bytes_raw() == public(load_signing_key(tmp_path))


def test_the_public_key_may_come_from_the_file_that_a_variable_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = load_signing_key(tmp_path / "api")
    path = tmp_path / "api" / "keys" / PUBLIC_FILE
    monkeypatch.setenv("TASKFLOW_VERIFYING_KEY_FILE", str(path))
    settings = Settings.load({"data_dir": tmp_path / "audit"})
    assert verifying_key(settings, [load("audit-logger")]).public_bytes_raw() == public(key)
