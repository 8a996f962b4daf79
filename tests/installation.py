"""An installation on the shared server, to back up and to restore into."""

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from taskflow.accounts.keys import FILE
from taskflow.base.settings import Settings
from taskflow.runner.backup import back_up
from taskflow.runner.backup_file import Manifest
from taskflow.runner.restore import restore

if TYPE_CHECKING:
    from asyncpg import Connection, Record

Server: TypeAlias = "Connection[Record]"
ADD_USER = """
INSERT INTO accounts.users (id, email, password_hash, name, timezone, role, created_at, updated_at)
VALUES (gen_random_uuid(), $1, '', '', 'UTC', 'user', now(), now())
"""
USERS = "SELECT email FROM accounts.users ORDER BY email"


class Installation:
    """A data folder and a database of the shared server."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self.dsn = dsn
        self.folder = folder
        self.settings = Settings.load({"data_dir": folder, "database_url": dsn})

    async def run(self, statement: str, *parameters: object) -> list[object]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return [row[0] for row in await connection.fetch(statement, *parameters)]
        finally:
            await connection.close()

    async def back_up(self, path: Path) -> Manifest:
        return await back_up(self.settings, path, silent, silent)

    async def restore(self, path: Path, *, replace: bool = False) -> Manifest:
        return await restore(self.settings, path, silent, silent, replace=replace)

    @property
    def key(self) -> bytes:
        return (self.folder / "keys" / FILE).read_bytes()


def files_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def silent(*_told: object) -> None:
    """Nobody listens."""
