"""Restores a backup, or rehearses it: read, compared with its manifest, brought up to date.

Nothing that was there changes before the restored database is whole.
"""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path

from taskflow.accounts.keys import read_signing_key, replacing_signing_key
from taskflow.base.errors import Conflict, Unavailable
from taskflow.base.settings import Settings
from taskflow.db.migrate import known_revisions, migrate
from taskflow.runner.backup_file import DATABASE, PUSH_KEY, Backup, Manifest, Report, opened
from taskflow.runner.inventory import difference, make_roles, take_inventory
from taskflow.runner.postgres import EmbeddedPostgres
from taskflow.runner.postgres_binaries import find_binaries
from taskflow.runner.postgres_tools import Tools
from taskflow.runner.reaching import Say, connected, holding
from taskflow.runner.target import Target, drafting_database, find_target, take_over
from taskflow.services.reminder.channels.vapid import replace_kept


async def restore(
    settings: Settings, path: Path, say: Say, report: Report, *, replace: bool
) -> Manifest:
    """Put a backup in the place of what is there.

    Args:
        settings: Which installation; TaskFlow must not run on it.
        path: The backup.
        say: Told of what takes longer than a second.
        report: Told how far it is.
        replace: Whether what is there may go.

    Raises:
        TaskFlowError: it was not restored; what was there is as it was, and the detail says why.
    """
    with opened(path) as backup:
        _refuse_newer(backup)
        backup.verify(report)
        key = backup.key()
        async with holding(settings, say) as dsn:
            target = await find_target(dsn)
            if not replace:
                _refuse_present(target, settings.data_dir, key)
            async with drafting_database(target) as draft:
                await _load(backup, draft, report)
                with replacing_signing_key(settings.data_dir, key) if key else nullcontext():
                    await take_over(target)
        if push_key := backup.key(PUSH_KEY):
            replace_kept(settings.data_dir, push_key)
    return backup.manifest


async def rehearse(path: Path, say: Say, report: Report) -> Manifest:
    """Restore a backup into a database that is thrown away; touches nothing else.

    Raises:
        TaskFlowError: it could not be restored; the detail says why.
    """
    with opened(path) as backup:
        _refuse_newer(backup)
        backup.verify(report)
        async with _throwaway(say) as dsn:
            await _load(backup, dsn, report)
    return backup.manifest


def _refuse_newer(backup: Backup) -> None:
    manifest, known = backup.manifest, known_revisions()
    if manifest.revision not in known:
        raise Conflict(
            f"{backup.name} is of TaskFlow {manifest.taskflow} with schema {manifest.revision}, "
            f"which is newer than this one (up to {known[-1]}); restore it with that TaskFlow"
        )


def _refuse_present(target: Target, data_dir: Path, key: bytes | None) -> None:
    if not target.is_empty:
        raise Conflict(
            f"the database {target.name} holds data already ({data_dir}); "
            "back it up, and add --replace if the backup is to take its place"
        )
    if key and read_signing_key(data_dir) not in (None, key):
        raise Conflict(
            f"{data_dir} has a signing key of its own; add --replace if the backup's is to take "
            "its place"
        )


async def _load(backup: Backup, dsn: str, report: Report) -> None:
    """Fill an empty database, compare it with the manifest, and bring its schema up to date."""
    manifest = backup.manifest
    async with connected(dsn) as connection:
        await make_roles(connection, manifest.inventory.roles)
    await Tools(find_binaries()).load(dsn, lambda: _watched(backup, report))
    async with connected(dsn) as connection:
        report("counting rows", 0, None)
        if wrong := difference(manifest.inventory, await take_inventory(connection)):
            raise Unavailable(f"{backup.name} was not restored in full: {wrong}")
        await connection.execute("ANALYZE")
    await migrate(dsn)


def _watched(backup: Backup, report: Report) -> Iterator[bytes]:
    """The dump, while somebody is told how far it is."""
    done = 0
    for chunk in backup.read(DATABASE):
        done += len(chunk)
        report("restoring", done, backup.size_bytes)
        yield chunk


@asynccontextmanager
async def _throwaway(say: Say) -> AsyncIterator[str]:
    """A database server of its own in a temporary folder, for the block."""
    with _folder() as folder:
        postgres = EmbeddedPostgres(folder, say=say)
        await postgres.start()
        try:
            yield postgres.dsn()
        finally:
            await postgres.stop()


@contextmanager
def _folder() -> Iterator[Path]:
    """A temporary folder that the server's account can pass when we are root."""
    with tempfile.TemporaryDirectory(prefix="taskflow-check-") as name:
        folder = Path(name)
        # What the server keeps in it is closed to others.
        folder.chmod(0o711)
        yield folder
