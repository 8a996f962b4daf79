"""The file of a backup: a zip archive, its members stored as they are, each with its SHA-256.

A zip can be written in one pass, is read in any order, tells at once when its end is missing, and
`unzip` opens it anywhere. The manifest is written last and names the hash of everything else.
"""

import hashlib
import os
import secrets
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import IO, Final

import msgspec

from taskflow.base.durable import sync_folder
from taskflow.base.errors import Conflict, Invalid, NotFound, Unavailable

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
DATABASE: Final = "database.dump"
KEY: Final = "signing-key.pem"
PUSH_KEY: Final = "web-push-key.pem"
CHUNK_BYTES: Final = 256 * 1024
# What reading a damaged archive can raise, apart from what the operating system says.
_DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, ValueError,
    ArithmeticError, RuntimeError, MemoryError, msgspec.MsgspecError,
)  # fmt: skip
Report = Callable[[str, int, int | None], None]
"""Told of what is being done, how many bytes of it are done, and of how many if that is known."""


class Role(msgspec.Struct, frozen=True):
    """A role that the database's rights name, and the roles that it is a member of."""

    name: str
    member_of: list[str]


class Inventory(msgspec.Struct, frozen=True):
    """What a database holds: rows by table, and the roles that it needs."""

    rows: dict[str, int]
    roles: list[Role]


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself.

    Args:
        taskflow: The version that wrote it.
        revision: The schema's revision.
        postgres: The major version of the server that it was taken from.
        taken_at: When the snapshot was taken.
        inventory: What the database held in that snapshot.
        sha256: The hash of every other member, by its name.
        format: How the archive is laid out.
    """

    taskflow: str
    revision: str
    postgres: int
    taken_at: datetime
    inventory: Inventory
    sha256: dict[str, str]
    format: int = FORMAT


class Draft:
    """A backup that is being written.

    Args:
        file: Where to; seekable.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        self.sha256: dict[str, str] = {}

    @contextmanager
    def member(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """Add a member; the block is handed what to write its bytes with."""
        digest = hashlib.sha256()
        with self._archive.open(_entry(name), "w", force_zip64=True) as member:

            def write(chunk: bytes) -> None:
                digest.update(chunk)
                member.write(chunk)

            yield write
        self.sha256[name] = digest.hexdigest()

    def finish(self, manifest: Manifest) -> None:
        """Add the manifest and end the archive."""
        content = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        self._archive.writestr(_entry(MANIFEST), content)
        self._archive.close()

    def close(self) -> None:
        """Let go of the file, whatever has become of it."""
        with suppress(OSError, ValueError):
            self._archive.close()


class Backup:
    """A backup that is there.

    Args:
        file: Where it is read from; seekable.
        name: What messages call it.

    Raises:
        Invalid: it is no backup, or is damaged.
        Conflict: a newer TaskFlow wrote it, in a way that this one does not know.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.name = name
        with self._undamaged():
            self._archive = zipfile.ZipFile(file)
            content = self._archive.read(MANIFEST)
            if msgspec.json.decode(content, type=_Layout).format > FORMAT:
                raise Conflict(f"{name} was written by a newer TaskFlow; restore it with that one")
            self.manifest = msgspec.json.decode(content, type=Manifest)
            self.size_bytes = self._archive.getinfo(DATABASE).file_size

    def read(self, member: str) -> Iterator[bytes]:
        """The bytes of a member, in pieces.

        Raises:
            Invalid: they are not those that were written.
        """
        digest = hashlib.sha256()
        with self._undamaged(), self._archive.open(member) as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
                yield chunk
            if digest.hexdigest() != self.manifest.sha256[member]:
                raise Invalid(f"{self.name} is damaged: {member} is not what was written")

    def key(self, member: str = KEY) -> bytes | None:
        """A key, the signing key by default; None when the backup has none."""
        return b"".join(self.read(member)) if member in self.manifest.sha256 else None

    def verify(self, report: Report) -> None:
        """Read everything and compare the hashes.

        Raises:
            Invalid: it is damaged.
        """
        done = 0
        for member in self.manifest.sha256:
            for chunk in self.read(member):
                done += len(chunk)
                report("reading the backup", done, self.size_bytes)

    @contextmanager
    def _undamaged(self) -> Iterator[None]:
        try:
            yield
        except _DAMAGE as error:
            reason = str(error) or type(error).__name__
            raise Invalid(
                f"{self.name} is no backup of TaskFlow, or it is damaged or cut short ({reason})"
            ) from error
        except OSError as error:
            raise Unavailable(f"{self.name} cannot be read: {error.strerror or error}") from error


class _Layout(msgspec.Struct):
    format: int


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFREG | 0o600) << 16
    return entry


@contextmanager
def opened(path: Path) -> Iterator[Backup]:
    """A backup by its path.

    Raises:
        NotFound: nothing is there.
        Invalid: it is no backup, or is damaged.
        Unavailable: it cannot be read.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}") from error
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror or error}") from error
    with file:
        yield Backup(file, str(path))


@contextmanager
def drafting(file: IO[bytes]) -> Iterator[Draft]:
    """A backup to write; its file is let go of at the end."""
    draft = Draft(file)
    try:
        yield draft
    finally:
        draft.close()


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file of our own that takes the path's place when the block succeeds, else vanishes.

    Raises:
        Invalid: the path is something that no backup may replace.
        NotFound: there is no folder for it.
        Unavailable: it cannot be written; what was there before stays.
    """
    path = path.resolve()
    if path.is_dir():
        raise Invalid(f"{path} is a folder; name a file in it, such as {path / 'taskflow.zip'}")
    if path.exists() and not path.is_file():
        raise Invalid(f"{path} is no ordinary file; a backup cannot take its place")
    if not path.parent.exists():
        made = f"mkdir -p {quote(str(path.parent))}"
        raise NotFound(f"there is no folder {path.parent}; make it first: {made}")
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise Unavailable(
            f"the backup {path} cannot be written: {error.strerror or error}"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
