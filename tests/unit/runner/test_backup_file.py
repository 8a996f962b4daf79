"""The file of a backup: what is read is what was written, or it is refused."""

import io
from datetime import UTC, datetime

import pytest

from taskflow.base.errors import Conflict, Invalid
from taskflow.runner.backup_file import DATABASE, KEY, Backup, Inventory, Manifest, drafting

DUMP = b"every task of everybody"
SIGNING_KEY = b"a key"


def written(dump: bytes = DUMP, layout: int = 1) -> bytes:
    file = io.BytesIO()
    with drafting(file) as draft:
        for name, content in ((DATABASE, dump), (KEY, SIGNING_KEY)):
            with draft.member(name) as write:
                for start in range(0, len(content), 5):
                    write(content[start : start + 5])
        inventory = Inventory({"tasks.tasks": 1}, [])
        taken_at = datetime(2026, 1, 2, tzinfo=UTC)
        manifest = Manifest("1.0", "0009", 18, taken_at, inventory, draft.sha256, layout)
        draft.finish(manifest)
    return file.getvalue()


def content(archive: bytes) -> tuple[Manifest, bytes, bytes | None]:
    """All that a backup holds, checked as before a restore."""
    backup = Backup(io.BytesIO(archive), "taskflow.zip")
    backup.verify(lambda _what, _done, _of: None)
    return backup.manifest, b"".join(backup.read(DATABASE)), backup.key()


def test_what_was_written_is_read() -> None:
    manifest, dump, key = content(written())
    assert (dump, key) == (DUMP, SIGNING_KEY)
    assert manifest.inventory.rows == {"tasks.tasks": 1}
    assert set(manifest.sha256) == {DATABASE, KEY}


def test_a_flipped_bit_anywhere_is_refused_or_changes_nothing() -> None:
    archive = written()
    whole = content(archive)
    refused = 0
    for place in range(len(archive)):
        for bit in (0x01, 0x10, 0x80):
            damaged = bytearray(archive)
            damaged[place] ^= bit
            try:
                assert content(bytes(damaged)) == whole
            except (Invalid, Conflict):
                refused += 1
    assert refused > len(archive)


def test_a_file_that_is_cut_short_anywhere_is_refused() -> None:
    archive = written()
    for length in range(len(archive)):
        with pytest.raises(Invalid, match=r"taskflow\.zip is no backup of TaskFlow"):
            content(archive[:length])


def test_a_member_that_was_exchanged_is_refused() -> None:
    ours, other = Backup(io.BytesIO(written()), "a"), Backup(io.BytesIO(written(b"other")), "b")
    ours.manifest = other.manifest
    with pytest.raises(Invalid, match=r"database\.dump is not what was written"):
        ours.verify(lambda _what, _done, _of: None)


def test_an_archive_of_a_later_layout_is_left_to_the_taskflow_that_knows_it() -> None:
    with pytest.raises(Conflict, match="newer TaskFlow"):
        content(written(layout=2))


def test_a_backup_that_could_not_be_finished_lets_go_of_its_file() -> None:
    class Full(io.BytesIO):
        def write(self, chunk: bytes, /) -> int:  # type: ignore[override, unused-ignore]
            if self.tell() + len(chunk) > 100:
                raise OSError(28, "No space left on device")
            return super().write(chunk)

    def fill() -> None:
        with drafting(Full()) as draft, draft.member(DATABASE) as write:
            for _ in range(100):
                write(DUMP)

    with pytest.raises(OSError, match="No space left"):
        fill()
