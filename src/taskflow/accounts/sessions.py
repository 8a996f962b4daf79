"""Sessions: a family of refresh tokens, each good for one use."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from taskflow.accounts.tokens import REFRESH_PREFIX, digest, new_opaque
from taskflow.base.errors import Unauthenticated
from taskflow.base.ids import new_id
from taskflow.db.transaction import Transaction

# Holds back a new password and an erasure until the session is there, for them to end it.
PROVEN = """
SELECT id FROM accounts.users WHERE id = $1 AND password_hash = $2 FOR NO KEY UPDATE
"""
BEGIN = """
INSERT INTO accounts.sessions (id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)
"""
ADD_TOKEN = "INSERT INTO accounts.refresh_tokens (hash, session_id) VALUES ($1, $2)"  # noqa: S105
FIND = """
SELECT session.id, session.user_id, session.expires_at, session.revoked_at, token.used_at
  FROM accounts.refresh_tokens AS token
  JOIN accounts.sessions AS session ON session.id = token.session_id
 WHERE token.hash = $1
   FOR UPDATE
"""
USE = "UPDATE accounts.refresh_tokens SET used_at = $2 WHERE hash = $1"
EXTEND = "UPDATE accounts.sessions SET expires_at = $2 WHERE id = $1"
END = "UPDATE accounts.sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL"
END_ALL = """
UPDATE accounts.sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL
"""
PRUNE = """
DELETE FROM accounts.sessions WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM accounts.sessions WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
"""
PRUNE_TOKENS = """
DELETE FROM accounts.refresh_tokens WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM accounts.refresh_tokens WHERE used_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
"""
# How long an ended session is remembered: longer than any access token of it is valid.
REMEMBERED = timedelta(days=7)
BELL = "sessions"


class Session(NamedTuple):
    """A session and the refresh token that continues it."""

    id: UUID
    user_id: UUID
    refresh_token: str


async def begin(
    transaction: Transaction,
    user_id: UUID,
    now: datetime,
    lifetime: timedelta,
    proven_hash: str,
) -> Session:
    """Start a session for whoever has proven the password of this hash.

    Raises:
        Unauthenticated: the account is gone or its password was changed since.
    """
    if await transaction.value(PROVEN, user_id, proven_hash) is None:
        raise Unauthenticated("the password is no longer valid; log in again")
    session_id = new_id(now)
    await transaction.execute(BEGIN, session_id, user_id, now, now + lifetime)
    return await _hand_out(transaction, session_id, user_id)


async def renew(
    transaction: Transaction, refresh_token: str, now: datetime, lifetime: timedelta
) -> Session | None:
    """Continue a session with a new refresh token; None when the token is not good.

    A token that was used before has been stolen, or its thief was first: the whole session ends.
    That must be committed, so it is no exception here.
    """
    row = await transaction.row(FIND, digest(refresh_token))
    if row is None or row["revoked_at"] is not None or row["expires_at"] <= now:
        return None
    if row["used_at"] is not None:
        await end(transaction, row["id"], now)
        return None
    await transaction.execute(USE, digest(refresh_token), now)
    await transaction.execute(EXTEND, row["id"], now + lifetime)
    return await _hand_out(transaction, row["id"], row["user_id"])


async def end(transaction: Transaction, session_id: UUID, now: datetime) -> None:
    """End a session; its access tokens are refused from now on."""
    await transaction.execute(END, session_id, now)
    transaction.ring(BELL)


async def end_all(transaction: Transaction, user_id: UUID, now: datetime) -> None:
    """End every session of a user."""
    await transaction.execute(END_ALL, user_id, now)
    transaction.ring(BELL)


async def prune(transaction: Transaction, now: datetime, limit: int) -> int:
    """Forget some sessions that ended long ago; returns how many."""
    return await transaction.execute(PRUNE, now - REMEMBERED, limit)


async def prune_tokens(
    transaction: Transaction, now: datetime, limit: int, *, lifetime: timedelta
) -> int:
    """Forget some used tokens that would have expired by now; returns how many."""
    return await transaction.execute(PRUNE_TOKENS, now - lifetime, limit)


async def _hand_out(transaction: Transaction, session_id: UUID, user_id: UUID) -> Session:
    token = new_opaque(REFRESH_PREFIX)
    await transaction.execute(ADD_TOKEN, digest(token), session_id)
    return Session(session_id, user_id, token)
