"""Writes accounts and personal access tokens; hashing is done before, in no transaction."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from taskflow.accounts.model import (
    SCOPES,
    NotificationPreferences,
    PreferencesPatch,
    Role,
    User,
    clean_name,
    patched,
    scopes_of,
)
from taskflow.accounts.queries import (
    PREFERENCES_CHANGED,
    USER_COLUMNS,
    PersonalToken,
    user_by_id,
    user_of,
)
from taskflow.accounts.sessions import end_all
from taskflow.accounts.tokens import PERSONAL_PREFIX, digest, new_opaque
from taskflow.base.errors import Conflict, Denied, Invalid, NotFound
from taskflow.base.ids import new_id
from taskflow.db.transaction import Transaction

MAX_TOKENS: Final = 100
# An installation that was only tried out, and whose accounts are gone again, is still a new one.
NEW_FOR: Final = timedelta(hours=1)
# The row stays when accounts go. Who inserts it is the first; others wait for that to be certain.
BE_FIRST = """
INSERT INTO accounts.installation (first_account_at) VALUES ($1)
ON CONFLICT DO NOTHING
"""
IS_NEW = """
SELECT first_account_at BETWEEN $1 AND $2 AND NOT EXISTS (SELECT FROM accounts.users)
  FROM accounts.installation
"""
# Who registers where nobody is any more waits for whoever does so too, and looks again.
BE_ALONE = "SELECT pg_advisory_xact_lock(7310201444)"
REGISTER = f"""
INSERT INTO accounts.users
  (id, email, password_hash, name, timezone, role, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
ON CONFLICT (email) DO NOTHING
RETURNING {USER_COLUMNS}
"""  # noqa: S608 - made of constants
LOCK_PREFERENCES = """
SELECT notification_preferences FROM accounts.users WHERE id = $1 FOR NO KEY UPDATE
"""
PROFILE = f"""
UPDATE accounts.users
   SET name = coalesce($2, name), timezone = coalesce($3, timezone),
       notification_preferences = coalesce($4, notification_preferences), updated_at = $5
 WHERE id = $1
RETURNING {USER_COLUMNS}
"""  # noqa: S608 - made of constants
ROLE = "UPDATE accounts.users SET role = $2, updated_at = $3 WHERE id = $1"
PASSWORD = "UPDATE accounts.users SET password_hash = $2, updated_at = $3 WHERE id = $1"  # noqa: S105 - a statement
REHASH = """
UPDATE accounts.users SET password_hash = $3 WHERE id = $1 AND password_hash = $2
"""
ERASE = "DELETE FROM accounts.users WHERE id = $1"
COUNT_TOKENS = "SELECT count(*) FROM accounts.tokens WHERE user_id = $1"
ADD_TOKEN = """
INSERT INTO accounts.tokens (id, user_id, name, hash, scopes, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""  # noqa: S105 - a statement
DELETE_TOKEN = "DELETE FROM accounts.tokens WHERE id = $1 AND user_id = $2"  # noqa: S105

# Whoever else writes one of them at this moment knows as much; nobody waits, so nobody deadlocks.
NOTE_USES = """
WITH used AS (
  SELECT token.id, given.at
    FROM accounts.tokens AS token
    JOIN unnest($1::uuid[], $2::timestamptz[]) AS given (id, at) ON given.id = token.id
   WHERE token.last_used_at IS NULL OR token.last_used_at <= given.at - interval '1 minute'
     FOR NO KEY UPDATE OF token SKIP LOCKED
)
UPDATE accounts.tokens AS token SET last_used_at = used.at FROM used WHERE used.id = token.id
"""


class Registration(NamedTuple):
    """A new account, every part in its clean form."""

    email: str
    password_hash: str
    name: str
    timezone: str


class NewToken(NamedTuple):
    """A personal access token and its secret, which is shown once."""

    secret: str
    token: PersonalToken


async def register(transaction: Transaction, wanted: Registration, now: datetime) -> User:
    """Make an account; the first of an installation is its admin.

    That is the first ever, or the first after such as were erased again within an hour. When the
    last admin has gone an operator names another one with `set_role`.

    Raises:
        Conflict: the address is taken.
    """
    role = "admin" if await _is_first(transaction, now) else "user"
    row = await transaction.row(REGISTER, new_id(now), *wanted, role, now)
    if row is None:
        raise Conflict("the email is taken")
    return user_of(row)


async def _is_first(transaction: Transaction, now: datetime) -> bool:
    if await transaction.execute(BE_FIRST, now):
        return True
    if not await transaction.value(IS_NEW, now - NEW_FOR, now):
        return False
    await transaction.execute(BE_ALONE)
    return bool(await transaction.value(IS_NEW, now - NEW_FOR, now))


async def update_profile(
    transaction: Transaction,
    user_id: UUID,
    now: datetime,
    *,
    name: str | None = None,
    timezone: str | None = None,
    preferences: PreferencesPatch | None = None,
) -> User:
    """Change what is given of a profile; whoever listens to `PREFERENCES_CHANGED` is told whose.

    Raises:
        Invalid: the patch leaves preferences that break a rule.
        NotFound: the account is gone.
    """
    kept = await transaction.value(LOCK_PREFERENCES, user_id) if preferences else None
    text = None
    if preferences and kept:
        after = patched(msgspec.json.decode(kept, type=NotificationPreferences), preferences)
        text = msgspec.json.encode(after).decode()
    row = await transaction.row(PROFILE, user_id, name, timezone, text, now)
    if row is None:
        raise NotFound("there is no such account")
    if timezone is not None or text is not None:
        await transaction.tell(PREFERENCES_CHANGED, str(user_id))
    return user_of(row)


async def set_role(transaction: Transaction, user_id: UUID, role: Role, now: datetime) -> None:
    """Give an account a role; its sessions end, since their tokens name the old one."""
    await transaction.execute(ROLE, user_id, role, now)
    await end_all(transaction, user_id, now)


async def set_password(
    transaction: Transaction, user_id: UUID, password_hash: str, now: datetime
) -> None:
    """Give an account a password, and end its sessions."""
    await transaction.execute(PASSWORD, user_id, password_hash, now)
    await end_all(transaction, user_id, now)


async def rehash(transaction: Transaction, user_id: UUID, old: str, new: str) -> None:
    """Keep the same password by newer parameters, unless it was changed meanwhile."""
    await transaction.execute(REHASH, user_id, old, new)


async def erase(transaction: Transaction, user_id: UUID, now: datetime) -> None:
    """Remove an account, its sessions and its tokens for good.

    The account goes first: that waits for a login that is just getting its session.
    """
    await transaction.execute(ERASE, user_id)
    await end_all(transaction, user_id, now)


async def create_token(
    transaction: Transaction,
    user_id: UUID,
    name: str,
    scopes: Collection[str],
    now: datetime,
    expires_at: datetime | None = None,
) -> NewToken:
    """Make a personal access token.

    Raises:
        Invalid: a field breaks a rule, or there are too many tokens.
        Denied: a scope is more than the owner may.
    """
    owner = await user_by_id(transaction, user_id)
    wanted = tuple(scope for scope in SCOPES if scope in scopes)
    if not wanted or len(wanted) != len(set(scopes)):
        raise Invalid.field("scopes", f"is a list of {', '.join(SCOPES)}")
    if not set(wanted) <= scopes_of(owner.role):
        raise Denied("a token may not do more than its owner")
    if expires_at is not None and expires_at <= now:
        raise Invalid.field("expires_at", "must lie in the future")
    if await transaction.value(COUNT_TOKENS, user_id) >= MAX_TOKENS:
        raise Invalid.field("name", f"there are {MAX_TOKENS} tokens already; delete some")
    token = PersonalToken(new_id(now), clean_name(name), wanted, now, expires_at, None)
    secret = new_opaque(PERSONAL_PREFIX)
    kept = (token.id, user_id, token.name, digest(secret), wanted, now, expires_at)
    await transaction.execute(ADD_TOKEN, *kept)
    return NewToken(secret, token)


async def delete_token(transaction: Transaction, user_id: UUID, token_id: UUID) -> None:
    """Revoke a personal access token.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    if not await transaction.execute(DELETE_TOKEN, token_id, user_id):
        raise NotFound("there is no such token")
    transaction.ring("sessions")


async def note_uses(transaction: Transaction, uses: Mapping[str, datetime]) -> int:
    """Write when tokens were used, by id, each at most once a minute; returns how many."""
    ids = [UUID(token_id) for token_id in uses]
    return await transaction.execute(NOTE_USES, ids, list(uses.values()))
