"""PostgreSQL of each version that TaskFlow promises to run on."""

from pathlib import Path

import pytest

from taskflow.runner.postgres_binaries import Binaries, find_binaries

OLDEST = 15
INSTALL = "apt-get install -y --no-install-recommends postgresql-15"


def binaries(major: int) -> Binaries:
    """The programs of a version; the newest is the embedded one."""
    if major != OLDEST:
        return find_binaries()
    folder = Path(f"/usr/lib/postgresql/{OLDEST}/bin")
    if not (folder / "postgres").exists():
        pytest.skip(f"PostgreSQL {OLDEST} is missing: {INSTALL}")
    return Binaries(folder, OLDEST)
