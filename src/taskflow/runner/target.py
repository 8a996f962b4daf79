"""The database that a restore ends in.

The backup is read into a database beside it; the two change names in one transaction when that one
is whole, and only then is the former one dropped. Whatever fails before leaves the former in place.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import asyncpg
import msgspec

from taskflow.base.errors import Conflict, Denied, InUse, Unavailable
from taskflow.runner.addresses import with_database
from taskflow.runner.inventory import foreign_tables, take_inventory
from taskflow.runner.reaching import connected

if TYPE_CHECKING:
    from asyncpg import Connection, Record

MAINTENANCE: Final = ("postgres", "template1")
PREFIX_BYTES: Final = 40
OTHERS: Final = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
   AND backend_type = 'client backend'
"""
DESCRIPTION: Final = """
SELECT to_jsonb(one) - 'datacl' FROM pg_database AS one WHERE datname = current_database()
"""


class Target(NamedTuple):
    """A database that may be replaced.

    Args:
        dsn: Its address.
        name: Its name.
        options: How one like it is created.
        is_empty: Whether it has no tables.
    """

    dsn: str
    name: str
    options: str
    is_empty: bool

    @property
    def draft(self) -> str:
        """The name of the database that is being restored."""
        return _beside(self.name, "restoring")

    @property
    def former(self) -> str:
        """The name of the database that has been replaced."""
        return _beside(self.name, "former")


async def find_target(dsn: str) -> Target:
    """Look at the database of an address.

    Raises:
        InUse: somebody is connected to it.
        Conflict: it holds tables of somebody else.
        Unavailable: it cannot be reached.
    """
    async with connected(dsn) as connection:
        name = await connection.fetchval("SELECT current_database()")
        if others := await connection.fetchval(OTHERS):
            raise InUse(
                f"the database {name} is in use ({others} other connections); "
                "stop every TaskFlow that uses it"
            )
        if foreign := await foreign_tables(connection):
            raise Conflict(
                f"the database {name} holds tables that are not TaskFlow's ({foreign[0]}), and "
                "would be replaced as a whole; restore into a database of TaskFlow's own"
            )
        rows = (await take_inventory(connection)).rows
        options = await _options(connection)
    return Target(dsn, name, options, is_empty=not rows)


@asynccontextmanager
async def drafting_database(target: Target) -> AsyncIterator[str]:
    """An empty database beside the target, for the block; gone at its end unless it took over.

    Raises:
        Denied: the login may not create databases.
        InUse: another restore is running.
        Unavailable: the database refused.
    """
    async with _maintaining(target) as connection:
        try:
            await _drop(connection, target.draft)
            await _drop(connection, target.former)
            await connection.execute(f"CREATE DATABASE {_quoted(target.draft)} {target.options}")
        except asyncpg.InsufficientPrivilegeError as error:
            raise Denied(
                "restoring needs a login that may create databases; "
                "run ALTER ROLE … CREATEDB for the one in TASKFLOW_DATABASE_URL"
            ) from error
        except asyncpg.ObjectInUseError as error:
            raise InUse(f"another restore into the database {target.name} is running") from error
    try:
        yield with_database(target.dsn, target.draft)
    finally:
        async with _maintaining(target) as connection:
            await _drop(connection, target.draft, by_force=True)


async def take_over(target: Target) -> None:
    """Give the restored database the target's name, and drop the former one.

    Raises:
        InUse: somebody connected to one of them meanwhile; nothing was changed.
    """
    async with _maintaining(target) as connection:
        try:
            async with connection.transaction():
                await connection.execute(_rename(target.name, target.former))
                await connection.execute(_rename(target.draft, target.name))
        except asyncpg.ObjectInUseError as error:
            raise InUse(
                f"somebody connected to the database {target.name} during the restore; "
                "stop every TaskFlow that uses it, and restore again"
            ) from error
        await _drop(connection, target.former)


@asynccontextmanager
async def _maintaining(target: Target) -> "AsyncIterator[Connection[Record]]":
    """A connection to another database of the server: none can be renamed from within."""
    refused: Unavailable | None = None
    for name in MAINTENANCE:
        try:
            async with connected(with_database(target.dsn, name)):
                pass
        except Unavailable as error:
            refused = refused or error
            continue
        async with connected(with_database(target.dsn, name)) as connection:
            yield connection
        return
    raise refused or Unavailable("the server has no database to work from")


async def _drop(connection: "Connection[Record]", name: str, *, by_force: bool = False) -> None:
    force = " WITH (FORCE)" if by_force else ""
    await connection.execute(f"DROP DATABASE IF EXISTS {_quoted(name)}{force}")


async def _options(connection: "Connection[Record]") -> str:
    """What a new database needs to sort and compare like the present one."""
    found: dict[str, Any] = msgspec.json.decode(await connection.fetchval(DESCRIPTION))
    options = ["TEMPLATE template0", "ENCODING 'UTF8'"]
    options += [f"LC_COLLATE {_literal(found['datcollate'])}"]
    options += [f"LC_CTYPE {_literal(found['datctype'])}"]
    locale: str = found.get("datlocale") or found.get("daticulocale") or found["datcollate"]
    match found["datlocprovider"]:
        case "i":
            options += [f"LOCALE_PROVIDER icu ICU_LOCALE {_literal(locale)}"]
        case "b":
            options += [f"LOCALE_PROVIDER builtin BUILTIN_LOCALE {_literal(locale)}"]
        case _:
            options += ["LOCALE_PROVIDER libc"]
    return " ".join(options)


def _beside(name: str, role: str) -> str:
    """A name beside another one; PostgreSQL cuts what is longer than 63 bytes."""
    return f"{name.encode()[:PREFIX_BYTES].decode(errors='ignore')}__{role}"


def _rename(name: str, new: str) -> str:
    return f"ALTER DATABASE {_quoted(name)} RENAME TO {_quoted(new)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
