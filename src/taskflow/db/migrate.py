"""Brings the schema up to date at start, and refuses a database of a newer TaskFlow."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import asyncpg

from taskflow.base.errors import Conflict, Unavailable
from taskflow.db.engine import Database
from taskflow.db.reasons import UNREACHABLE, unreachable

if TYPE_CHECKING:
    from asyncpg import Connection, Record

VERSIONS: Final = Path(__file__).parent / "migrations" / "versions"
PRESENT = "SELECT version_num FROM alembic_version"
HAS_SCHEMA = "SELECT to_regclass('alembic_version') IS NOT NULL"
GRANT = "SELECT format('GRANT %I TO %I', role, $2::text) FROM unnest($1::text[]) AS role"
PATIENCE_SECONDS: Final = 300.0


def known_revisions() -> list[str]:
    """The revisions that this program knows, oldest first."""
    return sorted(path.name.split("_")[0] for path in VERSIONS.glob("[0-9]*.py"))


async def present_revision(dsn: str) -> str | None:
    """The revision that the database is at; None when it has no schema yet.

    Raises:
        Unavailable: the database cannot be reached.
    """
    connection = await _connect(dsn)
    try:
        revision: str | None = await connection.fetchval(PRESENT)
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()
    return revision


async def migrate(dsn: str) -> bool:
    """Bring the database to the newest revision; True when there was something to do.

    Raises:
        Conflict: the database belongs to a newer TaskFlow, or a migration failed.
        Unavailable: the database cannot be reached.
    """
    present = await present_revision(dsn)
    _refuse_newer(present)
    if present == known_revisions()[-1]:
        return False
    await _run(dsn)
    return True


async def grant_roles(dsn: str, login: str, roles: Sequence[str]) -> None:
    """Let a login take on roles; doing it again changes nothing.

    Raises:
        Conflict: there is no such login, or the address's own may not grant the roles.
        Unavailable: the database cannot be reached.
    """
    connection = await _connect(dsn)
    try:
        async with connection.transaction():
            for (statement,) in await connection.fetch(GRANT, list(roles), login):
                await connection.execute(statement)
    except (asyncpg.UndefinedObjectError, asyncpg.InsufficientPrivilegeError) as error:
        raise Conflict(
            f"the roles of the services cannot be granted to {login}: {error}"
        ) from error
    finally:
        await connection.close()


async def require_present(dsn: str) -> None:
    """Refuse a database whose schema is not the one that this program knows.

    Raises:
        Conflict: it is older or newer; the detail says what to do.
        Unavailable: the database cannot be reached.
    """
    present = await present_revision(dsn)
    _refuse_newer(present)
    if present != known_revisions()[-1]:
        raise Conflict(
            f"the database is at revision {present or 'none'}, older than this TaskFlow; "
            "run `taskflow migrate` first"
        )


async def check_schema(database: Database) -> None:
    """See that a running service has the schema that it needs; a newer one serves it too.

    Raises:
        Unavailable: the migrations have yet to run, or the database is away.
    """
    async with database.transaction(read_only=True) as transaction:
        if await transaction.value(HAS_SCHEMA):
            present = await transaction.value(PRESENT)
        else:
            present = None
    if present is None or present < known_revisions()[-1]:
        raise Unavailable(
            f"the schema is at revision {present or 'none'}, this TaskFlow needs "
            f"{known_revisions()[-1]}; run `taskflow migrate`"
        )


async def _connect(dsn: str) -> "Connection[Record]":
    try:
        return await asyncpg.connect(dsn, timeout=10)
    except UNREACHABLE as error:
        raise unreachable(dsn, error) from error


def _refuse_newer(present: str | None) -> None:
    known = known_revisions()
    if present is not None and present not in known:
        raise Conflict(
            f"the database is at revision {present}, which is newer than this TaskFlow "
            f"(up to {known[-1]}); start the newer TaskFlow, or restore a backup of this version"
        )


async def _run(dsn: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "taskflow.db.migrations",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            _, complaint = await process.communicate(dsn.encode() + b"\n")
    except TimeoutError:
        process.kill()
        await process.wait()
        raise Unavailable(
            "the migrations did not finish in time; start again, and they go on where they were"
        ) from None
    if process.returncode != 0:
        last = complaint.decode(errors="replace").strip().splitlines()[-1:]
        raise Conflict(f"a migration failed and was rolled back: {''.join(last)}")
