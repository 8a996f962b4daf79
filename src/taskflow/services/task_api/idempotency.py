"""Idempotency keys: the same request with the same key is carried out once, and answered alike."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Request, Response

from taskflow.base.errors import Conflict, Invalid
from taskflow.db.transaction import Transaction

KEPT: Final = timedelta(hours=24)
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
# Held until the transaction ends: while it is, the first request with this key is at work.
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 7310201442))"
FIND = """
SELECT request_hash, status, headers, body
  FROM tasks.idempotency_keys WHERE user_id = $1 AND key = $2
"""
KEEP = """
INSERT INTO tasks.idempotency_keys (user_id, key, request_hash, status, headers, body, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
FORGET = "DELETE FROM tasks.idempotency_keys WHERE user_id = $1"
PRUNE = """
DELETE FROM tasks.idempotency_keys WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM tasks.idempotency_keys WHERE created_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
"""


class Answer(NamedTuple):
    """An answer that can be given again; `is_replay` where it just was."""

    status: int
    headers: dict[str, str]
    body: bytes
    is_replay: bool = False

    def response(self) -> Response[bytes]:
        """As HTTP."""
        return Response(
            self.body,
            status_code=self.status,
            headers=self.headers,
            media_type="application/json",
        )


async def idempotent(
    transaction: Transaction,
    user_id: UUID,
    key: str | None,
    request: tuple[str, bytes],
    now: datetime,
    work: Callable[[], Awaitable[Answer]],
) -> Answer:
    """Do the work, or give the answer of the time it was done before; both in one transaction.

    `request` is its path and its body.

    Raises:
        Conflict: the key belongs to another request, or its first one is still at work.
        Invalid: the key has no form of one.
    """
    if key is None:
        return await work()
    if not _KEY.fullmatch(key):
        raise Invalid.field("Idempotency-Key", "must have 1 to 255 visible ASCII characters")
    if not await transaction.value(TRY_LOCK, f"{user_id} {key}"):
        raise Conflict("the first request with this Idempotency-Key is still at work", 1)
    path, body = request
    request_hash = hashlib.sha256(path.encode() + b"\0" + body).digest()
    row: Any = await transaction.row(FIND, user_id, key)
    if row is None:
        answer = await work()
        headers = msgspec.json.encode(answer.headers).decode()
        kept = (user_id, key, request_hash, answer.status, headers, answer.body, now)
        await transaction.execute(KEEP, *kept)
        return answer
    if row["request_hash"] != request_hash:
        raise Conflict("this Idempotency-Key belongs to a request with another path or body")
    headers = msgspec.json.decode(row["headers"])
    return Answer(row["status"], headers, row["body"], is_replay=True)


def respond(request: Request[Any, Any, Any], answer: Answer) -> Response[bytes]:
    """An answer as HTTP; one that was given before is counted."""
    if answer.is_replay:
        request.app.state.metrics.replayed()
    return answer.response()


async def forget(transaction: Transaction, user_id: UUID) -> int:
    """Forget every answer that was given to a user; they may show tasks."""
    return await transaction.execute(FORGET, user_id)


async def prune(transaction: Transaction, now: datetime, limit: int) -> int:
    """Forget some old keys; returns how many."""
    return await transaction.execute(PRUNE, now - KEPT, limit)
