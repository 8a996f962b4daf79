"""Reads accounts, sessions and tokens."""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

import msgspec

from taskflow.accounts.model import Identity, NotificationPreferences, Role, User, scopes_of
from taskflow.accounts.tokens import digest
from taskflow.base.errors import NotFound, Unauthenticated
from taskflow.db.transaction import Transaction

if TYPE_CHECKING:
    from asyncpg import Record

PREFERENCES_CHANGED: Final = "preferences"
"""The channel that tells whose time zone or preferences were changed, by the account's id."""
USER_COLUMNS: Final = (
    "id, email, name, timezone, role, notification_preferences, created_at, updated_at"
)
BY_ID = f"SELECT {USER_COLUMNS} FROM accounts.users WHERE id = $1"  # noqa: S608 - constants
BY_EMAIL = f"SELECT {USER_COLUMNS} FROM accounts.users WHERE email = $1"  # noqa: S608 - constants
ALL = f"SELECT {USER_COLUMNS} FROM accounts.users ORDER BY created_at, id LIMIT $1"  # noqa: S608
PASSWORD = "SELECT password_hash FROM accounts.users WHERE email = $1"  # noqa: S105 - a statement
TOKENS = """
SELECT id, name, scopes, created_at, expires_at, last_used_at
  FROM accounts.tokens WHERE user_id = $1 ORDER BY created_at, id
"""
OF_TOKEN = "SELECT id, user_id, name, scopes, role FROM accounts.find_token($1, $2)"  # noqa: S105
VALID_TOKENS = """
SELECT id FROM accounts.tokens
 WHERE id = ANY($1::uuid[]) AND (expires_at IS NULL OR expires_at > $2)
"""
REVOKED = "SELECT id FROM accounts.sessions WHERE revoked_at >= $1"
PREFERENCES = """
SELECT id, timezone, notification_preferences FROM accounts.users WHERE id = ANY($1::uuid[])
"""

_PREFERENCES: Final = msgspec.json.Decoder(NotificationPreferences)


class PersonalToken(NamedTuple):
    """A personal access token, without its secret; its last use is known to the minute."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class Preferences(NamedTuple):
    """What somebody wants to be told of, and where their wall is."""

    timezone: str
    notifications: NotificationPreferences


async def user_by_id(transaction: Transaction, user_id: UUID) -> User:
    """An account.

    Raises:
        NotFound: there is none.
    """
    row = await transaction.row(BY_ID, user_id)
    if row is None:
        raise NotFound("there is no such account")
    return user_of(row)


async def user_by_email(transaction: Transaction, email: str) -> User | None:
    """The account of an address in its clean form."""
    row = await transaction.row(BY_EMAIL, email)
    return user_of(row) if row else None


async def password_hash(transaction: Transaction, email: str) -> str | None:
    """The password's hash of an address in its clean form."""
    found: str | None = await transaction.value(PASSWORD, email)
    return found


async def list_users(transaction: Transaction, limit: int = 1000) -> list[User]:
    """Accounts, oldest first."""
    return [user_of(row) for row in await transaction.rows(ALL, limit)]


async def tokens_of(transaction: Transaction, user_id: UUID) -> list[PersonalToken]:
    """A user's personal access tokens, oldest first."""
    rows = await transaction.rows(TOKENS, user_id)
    return [PersonalToken(row[0], row[1], tuple(row[2]), *row[3:]) for row in rows]


async def identity_of_token(transaction: Transaction, token: str, now: datetime) -> Identity:
    """The identity behind a personal access token; it never may more than its owner.

    Without the scope `admin` it speaks for a user, so that a check of the role is safe as well.

    Raises:
        Unauthenticated: there is no such token, or it has expired.
    """
    row = await transaction.row(OF_TOKEN, digest(token), now)
    if row is None:
        raise Unauthenticated("the personal access token is not valid")
    scopes = frozenset(row["scopes"]) & scopes_of(row["role"])
    role: Role = "admin" if "admin" in scopes else "user"
    return Identity(row["user_id"], "token", str(row["id"]), row["name"], role, scopes, None)


async def valid_tokens(
    transaction: Transaction, token_ids: Collection[UUID], now: datetime
) -> set[UUID]:
    """Which of these personal access tokens are good."""
    rows = await transaction.rows(VALID_TOKENS, list(token_ids), now)
    return {row["id"] for row in rows}


async def revoked_sessions(transaction: Transaction, since: datetime) -> list[UUID]:
    """Sessions that were ended since an instant."""
    return [row["id"] for row in await transaction.rows(REVOKED, since)]


async def preferences_of(transaction: Transaction, user_id: UUID) -> Preferences:
    """What somebody wants to be told of; the default for an account that is gone."""
    return (await preferences_of_all(transaction, [user_id]))[user_id]


async def preferences_of_all(
    transaction: Transaction, user_ids: Collection[UUID]
) -> dict[UUID, Preferences]:
    """What each of them wants to be told of; the default for an account that is gone."""
    found = dict.fromkeys(user_ids, Preferences("UTC", NotificationPreferences()))
    for row in await transaction.rows(PREFERENCES, list(found)):
        wanted = _PREFERENCES.decode(row["notification_preferences"])
        found[row["id"]] = Preferences(row["timezone"], wanted)
    return found


def user_of(row: "Record") -> User:
    """The account in a row that has all of `USER_COLUMNS`."""
    return User(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        timezone=row["timezone"],
        role=row["role"],
        notification_preferences=_PREFERENCES.decode(row["notification_preferences"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
