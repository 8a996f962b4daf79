"""What each service's role may read of accounts: enough to know a caller, and nothing else."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from taskflow.accounts import commands, queries
from taskflow.accounts.model import User
from taskflow.db.engine import Database
from taskflow.db.hints import Hints

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CALLED = ["taskflow_recurring", "taskflow_reminders", "taskflow_notifications", "taskflow_audit"]
ALLOWED = {
    "SELECT": {
        "sessions.id", "sessions.revoked_at",
        "tokens.id", "tokens.expires_at", "tokens.last_used_at",
        "users.id", "users.name", "users.notification_preferences", "users.role", "users.timezone",
    },
    "INSERT": set(),
    "UPDATE": {"tokens.last_used_at"},
    "REFERENCES": set(),
}  # fmt: skip
COLUMNS = """
SELECT relation.relname || '.' || attribute.attname AS name
  FROM pg_attribute AS attribute JOIN pg_class AS relation ON relation.oid = attribute.attrelid
 WHERE relation.relnamespace = 'accounts'::regnamespace AND relation.relkind IN ('r', 'v', 'm')
   AND attribute.attnum > 0 AND NOT attribute.attisdropped
   AND has_column_privilege($1, relation.oid, attribute.attnum, $2)
"""
DELETABLE = """
SELECT relname FROM pg_class
 WHERE relnamespace = 'accounts'::regnamespace AND relkind = 'r'
   AND (has_table_privilege($1, oid, 'DELETE') OR has_table_privilege($1, oid, 'TRUNCATE'))
"""
FORBIDDEN = [
    "SELECT email FROM accounts.users",
    "SELECT password_hash FROM accounts.users",
    "SELECT hash FROM accounts.refresh_tokens",
    "SELECT hash FROM accounts.tokens",
    "SELECT name FROM accounts.tokens",
    "SELECT user_id FROM accounts.tokens",
    "SELECT user_id FROM accounts.sessions",
    "SELECT first_account_at FROM accounts.installation",
    "UPDATE accounts.users SET role = 'admin'",
    "UPDATE accounts.sessions SET revoked_at = NULL",
    "UPDATE accounts.tokens SET expires_at = NULL",
    "DELETE FROM accounts.tokens",
]


@pytest.fixture(params=CALLED)
async def service(dsn: str, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """The connections of a service that is not the Task API."""
    service = Database(dsn, request.param, Hints(), max_connections=1)
    await service.open()
    yield service
    await service.close()


async def person(database: Database) -> User:
    wanted = commands.Registration(f"{uuid4().hex}@people.example", "hash", "Ada", "UTC")
    async with database.transaction() as transaction:
        return await commands.register(transaction, wanted, NOW)


async def test_every_service_knows_its_callers(database: Database, service: Database) -> None:
    user = await person(database)
    async with database.transaction() as transaction:
        made = await commands.create_token(transaction, user.id, "CI", ["read"], NOW)
    async with service.transaction(read_only=True) as transaction:
        identity = await queries.identity_of_token(transaction, made.secret, NOW)
        await queries.revoked_sessions(transaction, NOW)
        assert await queries.valid_tokens(transaction, [made.token.id], NOW) == {made.token.id}
        preferences = await queries.preferences_of(transaction, user.id)
    assert (identity.user_id, identity.name) == (user.id, "CI")
    assert preferences.timezone == "UTC"


@pytest.mark.parametrize("privilege", ALLOWED)
@pytest.mark.parametrize("role", CALLED)
async def test_no_service_has_a_right_to_a_column_that_it_does_not_need(
    database: Database, role: str, privilege: str
) -> None:
    async with database.transaction(read_only=True) as transaction:
        rows = await transaction.rows(COLUMNS, role, privilege)
        assert {row["name"] for row in rows} == ALLOWED[privilege]
        assert await transaction.rows(DELETABLE, role) == []


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_no_service_reads_a_secret_or_writes_an_account(
    service: Database, statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with service.transaction() as transaction:
            await transaction.execute(statement)


@pytest.mark.parametrize("role", ["taskflow_tasks", "taskflow_delivery"])
async def test_a_role_that_serves_nobody_has_no_right_to_accounts(
    database: Database, role: str
) -> None:
    async with database.transaction(read_only=True) as transaction:
        assert await transaction.rows(COLUMNS, role, "SELECT") == []


async def test_the_task_api_cannot_forget_that_there_was_a_first_account(
    database: Database,
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction() as transaction:
            await transaction.execute("DELETE FROM accounts.installation")
