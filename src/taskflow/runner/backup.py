"""Takes a backup while TaskFlow runs or not: one snapshot of everything, in one verified file.

Rows are counted in the very snapshot that is dumped, so that a restore can prove that it has them
all. The file takes its place once it has been read back; until then an older one stays.
"""

from importlib.metadata import version
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from taskflow.accounts.keys import read_signing_key
from taskflow.base.errors import NotFound
from taskflow.base.settings import Settings
from taskflow.db.migrate import present_revision
from taskflow.runner.backup_file import (
    DATABASE,
    KEY,
    PUSH_KEY,
    Backup,
    Draft,
    Manifest,
    Report,
    drafting,
    replacing,
)
from taskflow.runner.inventory import take_inventory
from taskflow.runner.postgres_binaries import find_binaries
from taskflow.runner.postgres_tools import Tools
from taskflow.runner.reaching import Say, connected, reaching
from taskflow.services.reminder.channels.vapid import read_kept

if TYPE_CHECKING:
    from asyncpg import Connection, Record

SNAPSHOT: Final = "SELECT pg_export_snapshot()"
NOW: Final = "SELECT now()"


async def back_up(settings: Settings, path: Path, say: Say, report: Report) -> Manifest:
    """Write a backup and read it back.

    Args:
        settings: Which installation.
        path: The file; an older one of the name is replaced when the new one is whole.
        say: Told of what takes longer than a second.
        report: Told how far it is.

    Raises:
        TaskFlowError: there is none; nothing was changed, and the detail says why.
    """
    tools = Tools(find_binaries())
    async with reaching(settings, say) as dsn:
        with replacing(path) as file:
            with drafting(file) as draft:
                manifest = await _write(draft, dsn, tools, settings, report)
            await _read_back(file, path, tools, report)
    return manifest


async def _write(
    draft: Draft, dsn: str, tools: Tools, settings: Settings, report: Report
) -> Manifest:
    revision = await present_revision(dsn)
    if revision is None:
        raise NotFound("there is no TaskFlow data in the database")
    async with connected(dsn) as connection:
        server_major = connection.get_server_version().major
        tools.refuse_newer(server_major)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            report("counting rows", 0, None)
            inventory = await take_inventory(connection)
            taken_at = await connection.fetchval(NOW)
            await _dump(draft, dsn, tools, connection, report)
    keys = {KEY: read_signing_key(settings.data_dir), PUSH_KEY: read_kept(settings.data_dir)}
    for member, key in keys.items():
        if key:
            with draft.member(member) as write:
                write(key)
    program = version("taskflow")
    manifest = Manifest(program, revision, server_major, taken_at, inventory, draft.sha256)
    draft.finish(manifest)
    return manifest


async def _dump(
    draft: Draft, dsn: str, tools: Tools, connection: "Connection[Record]", report: Report
) -> None:
    snapshot: str = await connection.fetchval(SNAPSHOT)
    done = 0
    with draft.member(DATABASE) as write:

        def sink(chunk: bytes) -> None:
            nonlocal done
            write(chunk)
            done += len(chunk)
            report("writing the backup", done, None)

        await tools.dump(dsn, snapshot, sink)


async def _read_back(file: IO[bytes], path: Path, tools: Tools, report: Report) -> None:
    file.flush()
    written = Backup(file, str(path))
    written.verify(report)
    await tools.check(written.read(DATABASE))
