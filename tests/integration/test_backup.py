"""A backup is complete or there is none, and a restore that fails harms nothing."""

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from alembic import command
from alembic.config import Config
from tests.installation import ADD_USER, USERS, Installation, Server, files_in, silent

from taskflow.accounts.keys import FILE, PUBLIC_FILE, load_verifying_key
from taskflow.base.errors import Conflict, Denied, InUse, NotFound, TaskFlowError, Unavailable
from taskflow.base.settings import Settings
from taskflow.db.migrate import VERSIONS, known_revisions, present_revision
from taskflow.runner.backup import back_up
from taskflow.runner.backup_file import DATABASE, KEY, Manifest, drafting, opened, replacing
from taskflow.runner.restore import rehearse, restore
from taskflow.runner.target import Target

WAITS = """
SELECT count(*) > 0 FROM pg_locks WHERE relation = 'accounts.users'::regclass AND NOT granted
"""


def rewritten(
    path: Path, change: Callable[[Manifest], Manifest], dump: bytes | None = None
) -> Path:
    """A backup whose hashes are right and whose manifest says something else."""
    other = path.with_name("rewritten.zip")
    with opened(path) as backup, other.open("wb") as file, drafting(file) as draft:
        for name in (DATABASE, KEY):
            with draft.member(name) as write:
                chunks = [dump] if dump and name == DATABASE else backup.read(name)
                for chunk in chunks:
                    write(chunk)
        draft.finish(msgspec.structs.replace(change(backup.manifest), sha256=draft.sha256))
    return other


def lying(manifest: Manifest) -> Manifest:
    rows = manifest.inventory.rows | {"accounts.users": 3}
    return msgspec.structs.replace(
        manifest, inventory=msgspec.structs.replace(manifest.inventory, rows=rows)
    )


async def databases(server: Server) -> set[str]:
    return {name for (name,) in await server.fetch("SELECT datname FROM pg_database")}


async def test_a_restored_installation_has_the_rows_the_rights_and_the_key(
    full: Installation, empty: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "taskflow.zip"
    manifest = await full.back_up(path)
    assert manifest.inventory.rows["accounts.users"] == 2
    assert path.stat().st_mode & 0o777 == 0o600
    await empty.restore(path)
    assert await empty.run(USERS) == ["ada@example.com", "grace@example.com"]
    assert empty.key == full.key
    again = await empty.back_up(tmp_path / "again.zip")
    assert again.inventory == manifest.inventory
    triggers = """
    SELECT tgrelid::regclass || ' ' || tgname || ' ' || tgenabled::text FROM pg_trigger
     WHERE tgfoid = 'audit.refuse'::regproc ORDER BY 1
    """
    assert await empty.run(triggers) == await full.run(triggers)
    grants = "SELECT DISTINCT grantee::text FROM information_schema.role_table_grants ORDER BY 1"
    assert await empty.run(grants) == await full.run(grants)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="immutable"):
        await empty.run("TRUNCATE audit.task_events")


async def test_a_backup_that_fails_leaves_nothing_and_the_older_one(
    full: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "backups" / "taskflow.zip"
    path.parent.mkdir()
    await full.back_up(path)
    older = path.read_bytes()
    connection = await asyncpg.connect(full.dsn)
    try:
        # While somebody locks a table the backup waits, and is stopped there.
        async with connection.transaction():
            await connection.execute("LOCK accounts.users")
            waiting = asyncio.ensure_future(full.back_up(path))
            while not await connection.fetchval(WAITS):
                assert not waiting.done()
            assert len(files_in(path.parent)) == 2
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
    finally:
        await connection.close()
    assert files_in(path.parent) == ["taskflow.zip"]
    assert path.read_bytes() == older


async def test_data_is_replaced_only_when_that_is_asked_for(
    full: Installation, other: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "taskflow.zip"
    await full.back_up(path)
    with pytest.raises(Conflict, match=r"holds data already.*--replace"):
        await other.restore(path)
    assert await other.run(USERS) == ["ada@example.com", "grace@example.com", "old@example.com"]
    assert other.key != full.key
    await other.restore(path, replace=True)
    assert await other.run(USERS) == ["ada@example.com", "grace@example.com"]
    assert other.key == full.key
    assert load_verifying_key(other.folder) == load_verifying_key(full.folder)


@pytest.mark.parametrize(
    ("change", "dump", "complaint"),
    [
        (lying, None, "not restored in full: accounts.users has 2 rows, the backup says 3"),
        (lambda manifest: manifest, b"no dump", "pg_restore failed"),
        (
            lambda manifest: msgspec.structs.replace(manifest, revision="9999"),
            None,
            "schema 9999, which is newer",
        ),
    ],
    ids=["rows are missing", "no dump", "a newer schema"],
)
async def test_a_restore_that_fails_changes_nothing(
    full: Installation,
    server: Server,
    tmp_path: Path,
    change: Callable[[Manifest], Manifest],
    dump: bytes | None,
    complaint: str,
) -> None:
    path = tmp_path / "taskflow.zip"
    await full.back_up(path)
    bad = rewritten(path, change, dump)
    await full.run(ADD_USER, "later@example.com")
    before, key = await databases(server), full.key
    with pytest.raises(TaskFlowError, match=complaint):
        await full.restore(bad, replace=True)
    assert await full.run(USERS) == ["ada@example.com", "grace@example.com", "later@example.com"]
    assert await databases(server) == before
    assert full.key == key
    assert files_in(full.folder / "keys") == [FILE, PUBLIC_FILE]


async def test_a_rehearsal_finds_what_a_restore_would_find(
    full: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "taskflow.zip"
    await full.back_up(path)
    with pytest.raises(Unavailable, match=r"accounts\.users has 2 rows"):
        await rehearse(rewritten(path, lying), silent, silent)


async def test_a_backup_of_an_older_schema_is_brought_up_to_date(
    full: Installation, empty: Installation, tmp_path: Path
) -> None:
    oldest = "0005"
    sql = io.StringIO()
    config = Config(output_buffer=sql)
    config.set_main_option("script_location", str(VERSIONS.parent))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, f"base:{oldest}", sql=True)
    connection = await asyncpg.connect(empty.dsn)
    await connection.execute(sql.getvalue())
    await connection.close()
    path = tmp_path / "taskflow.zip"
    assert (await empty.back_up(path)).revision == oldest
    await full.restore(path, replace=True)
    assert await present_revision(full.dsn) == known_revisions()[-1]
    assert await full.run(USERS) == []


async def test_a_database_that_somebody_uses_is_not_replaced(
    full: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "taskflow.zip"
    await full.back_up(path)
    connection = await asyncpg.connect(full.dsn)
    try:
        with pytest.raises(InUse, match="stop every TaskFlow"):
            await full.restore(path, replace=True)
    finally:
        await connection.close()
    assert len(await full.run(USERS)) == 2


async def test_a_database_with_tables_of_others_is_not_replaced(
    full: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "taskflow.zip"
    await full.back_up(path)
    await full.run("CREATE TABLE public.invoices ()")
    with pytest.raises(Conflict, match=r"public\.invoices"):
        await full.restore(path, replace=True)
    assert await full.run("SELECT count(*) FROM public.invoices") == [0]


async def test_a_login_that_may_not_create_databases_is_told_so(
    full: Installation,
    empty: Installation,
    server: Server,
    tmp_path: Path,
) -> None:
    path = tmp_path / "taskflow.zip"
    await full.back_up(path)
    name = f"login{uuid4().hex}"
    await server.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'p'")
    dsn = empty.dsn.replace(empty.dsn.split("//")[1].split("@")[0], f"{name}:p")
    with pytest.raises(Denied, match="may create databases"):
        await Installation(empty.folder, dsn).restore(path)
    assert not (empty.folder / "keys").exists()


async def test_an_embedded_installation_is_backed_up_and_restored_while_it_is_stopped(
    full: Installation, open_dir: Path, tmp_path: Path
) -> None:
    path = tmp_path / "taskflow.zip"
    first = await full.back_up(path)
    embedded = Settings.load({"data_dir": open_dir / f"embedded-{uuid4().hex}"})
    with pytest.raises(NotFound, match="no TaskFlow in"):
        await back_up(embedded, tmp_path / "none.zip", silent, silent)
    assert not embedded.data_dir.exists()
    await restore(embedded, path, silent, silent, replace=False)
    again = await back_up(embedded, tmp_path / "again.zip", silent, silent)
    assert again.inventory.rows == first.inventory.rows
    with pytest.raises(Conflict, match="holds data already"):
        await restore(embedded, path, silent, silent, replace=False)


async def test_a_database_that_cannot_be_reached_is_told_in_a_sentence(tmp_path: Path) -> None:
    settings = Settings.load(
        {"data_dir": tmp_path, "database_url": "postgresql://a:p@127.0.0.1:9/x"}
    )
    with pytest.raises(Unavailable, match="cannot be reached") as caught:
        await back_up(settings, tmp_path / "x.zip", silent, silent)
    assert ":p@" not in caught.value.detail
    assert files_in(tmp_path) == []


def test_the_name_beside_a_database_is_never_its_own() -> None:
    longest = Target("", "x" * 63, "", is_empty=True)
    assert len({longest.name, longest.draft[:63], longest.former[:63]}) == 3


def test_a_folder_for_backups_that_is_missing_is_named_and_how_it_is_made(tmp_path: Path) -> None:
    missing = tmp_path / "my backups"
    with (
        pytest.raises(NotFound) as caught,
        replacing(missing / "taskflow.zip"),
    ):
        pass
    assert (
        caught.value.detail == f"there is no folder {missing}; make it first: mkdir -p '{missing}'"
    )
