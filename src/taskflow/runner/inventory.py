"""What a database holds: its rows by table, and the roles that its rights name.

Roles belong to the whole server and are in no dump, so a backup lists them, and they are made
before it is restored. None of them can log in.
"""

from typing import TYPE_CHECKING, Final

from taskflow.runner.backup_file import Inventory, Role

if TYPE_CHECKING:
    from asyncpg import Connection, Record

TABLES: Final = """
SELECT format('%I.%I', nspname, relname)
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
 WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
 ORDER BY 1
"""
# Every schema of ours has a role of its name (see the first migration).
FOREIGN: Final = """
SELECT format('%I.%I', nspname, relname)
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
 WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
   AND nspname !~ '^pg_' AND nspname <> 'information_schema'
   AND to_regrole(quote_ident('taskflow_' || nspname)) IS NULL
   AND (nspname, relname) <> ('public', 'alembic_version')
 ORDER BY 1
"""
ROLES: Final = """
SELECT rolname
  FROM pg_roles
 WHERE NOT rolcanlogin AND oid IN (
       SELECT refobjid FROM pg_shdepend JOIN pg_database ON pg_database.oid = dbid
        WHERE datname = current_database() AND refclassid = 'pg_authid'::regclass)
 ORDER BY 1
"""
MEMBERSHIPS: Final = """
SELECT DISTINCT pg_get_userbyid(member) AS name, pg_get_userbyid(roleid) AS of
  FROM pg_auth_members
 ORDER BY 1, 2
"""
EXISTS: Final = "SELECT 1 FROM pg_roles WHERE rolname = $1"


async def take_inventory(connection: "Connection[Record]") -> Inventory:
    """Count everything; in a repeatable read it is what a dump of that snapshot holds."""
    rows = {}
    for (table,) in await connection.fetch(TABLES):
        # The catalogue has quoted the name.
        rows[table] = await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608
    names = [name for (name,) in await connection.fetch(ROLES)]
    memberships = await connection.fetch(MEMBERSHIPS)
    roles = [
        Role(name, [one["of"] for one in memberships if one["name"] == name and one["of"] in names])
        for name in names
    ]
    return Inventory(rows, roles)


async def foreign_tables(connection: "Connection[Record]") -> list[str]:
    """Tables that are not TaskFlow's."""
    return [name for (name,) in await connection.fetch(FOREIGN)]


async def make_roles(connection: "Connection[Record]", roles: list[Role]) -> None:
    """Make the roles that are missing, and us and one another their members."""
    for role in roles:
        if await connection.fetchval(EXISTS, role.name) is None:
            await connection.execute(f"CREATE ROLE {_quoted(role.name)} NOLOGIN")
        await connection.execute(f"GRANT {_quoted(role.name)} TO CURRENT_USER")
    for role in roles:
        for other in role.member_of:
            await connection.execute(f"GRANT {_quoted(other)} TO {_quoted(role.name)}")


def difference(expected: Inventory, present: Inventory) -> str | None:
    """In what the rows of a database differ from what is expected; None when in nothing."""
    for table in sorted(expected.rows.keys() | present.rows.keys()):
        wanted, found = expected.rows.get(table), present.rows.get(table)
        if wanted != found:
            present_is = "is not there" if found is None else f"has {found} rows"
            expected_is = "has no such table" if wanted is None else f"says {wanted} rows"
            return f"{table} {present_is}, the backup {expected_is}"
    return None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
