"""Who is asking: a bearer token, a personal access token, or the page's session cookie.

An access token is verified with the public key alone. A revoked session is refused before its token
expires: its id is read from the table at the hint that follows a revocation, and every few seconds.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler

from taskflow.accounts import commands, queries
from taskflow.accounts.keys import fingerprint
from taskflow.accounts.model import Identity
from taskflow.accounts.tokens import PERSONAL_PREFIX, verify
from taskflow.base.clock import Clock, monotonic
from taskflow.base.errors import Denied, Unauthenticated, Unavailable
from taskflow.chassis.limits import RateLimiter
from taskflow.db.engine import Database

SESSION_COOKIE: Final = "taskflow_session"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
HOW: Final = (
    "send `Authorization: Bearer <access_token>` with a token from POST /api/v1/auth/login, "
    "or a personal access token from POST /api/v1/auth/tokens"
)
_CACHED: Final = 10_000
_PERSONAL_SECONDS: Final = 5.0
_WATCH_SECONDS: Final = 5.0
_LAST_SECONDS: Final = 1.0
# A revoked session matters until the last access token that it gave has expired.
_REVOKED_WITHIN: Final = timedelta(days=1)

log = structlog.get_logger()


class Authenticator:
    """Knows identities by their tokens; one for each process.

    Args:
        public_key: Verifies access tokens.
        database: Knows personal access tokens and revoked sessions.
        clock: The time.

    Attributes:
        installation: Tells this TaskFlow from others.
    """

    def __init__(self, public_key: Ed25519PublicKey, database: Database, clock: Clock) -> None:
        self.installation = fingerprint(public_key)
        self._public_key = public_key
        self._database = database
        self._clock = clock
        self._known: OrderedDict[str, tuple[Identity, datetime]] = OrderedDict()
        self._revoked: frozenset[UUID] = frozenset()
        self._refreshed = asyncio.Event()
        self._used: dict[str, datetime] = {}

    async def identify(self, token: str) -> Identity:
        """The identity behind a token.

        Raises:
            Unauthenticated: there is none, or no longer.
            Unavailable: the database is away and the token needs it.
        """
        now = self._clock.now()
        known = self._known.get(token)
        if known is None or known[1] <= now:
            known = await self._look_up(token, now)
            self._known[token] = known
            if len(self._known) > _CACHED:
                self._known.popitem(last=False)
        if known[0].session_id in self._revoked:
            raise Unauthenticated("the session has ended; log in again")
        if known[0].actor_type == "token" and len(self._used) < _CACHED:
            self._used[known[0].actor_id] = now
        return known[0]

    async def _look_up(self, token: str, now: datetime) -> tuple[Identity, datetime]:
        if token.startswith(PERSONAL_PREFIX):
            async with self._database.transaction(read_only=True) as transaction:
                identity = await queries.identity_of_token(transaction, token, now)
            return identity, now + timedelta(seconds=_PERSONAL_SECONDS)
        claims = verify(token, self._public_key, now)
        return claims.identity, claims.expires_at

    async def watch(self) -> None:
        """Learn of revocations, and tell when tokens were used, until cancelled."""
        try:
            while True:
                await self.refresh()
                await self.note_uses()
                await self._database.hints.wait("sessions", _WATCH_SECONDS)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_SECONDS):
                    await self.note_uses()

    async def note_uses(self) -> None:
        """Write when tokens were used; what cannot be written is lost, as it would be by a kill."""
        uses, self._used = self._used, {}
        if not uses:
            return
        try:
            async with self._database.transaction() as transaction:
                await commands.note_uses(transaction, uses)
        except Unavailable as error:
            log.info("auth.uses_lost", tokens=len(uses), reason=error.detail)

    async def refresh(self) -> None:
        """Read the revoked sessions, and forget personal tokens, which may be revoked too."""
        since = self._clock.now() - _REVOKED_WITHIN
        try:
            async with self._database.transaction(read_only=True) as transaction:
                revoked = await queries.revoked_sessions(transaction, since)
        except Unavailable as error:
            log.warning("auth.waiting", reason=error.detail)
            return
        self._revoked = frozenset(revoked)
        for token in [token for token in self._known if token.startswith(PERSONAL_PREFIX)]:
            del self._known[token]
        refreshed, self._refreshed = self._refreshed, asyncio.Event()
        refreshed.set()

    async def next_refresh(self) -> None:
        """Wait until revocations have been read again: at once where one was made here."""
        await self._refreshed.wait()

    async def lapsed(self, identities: Collection[Identity]) -> set[Identity]:
        """Those who may no longer ask: expired, logged out, revoked, or their account is gone."""
        now = self._clock.now()
        found = {one for one in identities if self._has_ended(one, now)}
        by_token = {UUID(one.actor_id): one for one in identities if one.actor_type == "token"}
        if by_token:
            try:
                async with self._database.transaction(read_only=True) as transaction:
                    valid = await queries.valid_tokens(transaction, by_token, now)
            except Unavailable:
                return found
            found |= {identity for token, identity in by_token.items() if token not in valid}
        return found

    def _has_ended(self, identity: Identity, now: datetime) -> bool:
        is_expired = identity.expires_at is not None and identity.expires_at <= now
        return is_expired or identity.session_id in self._revoked


Connection = ASGIConnection[Any, Any, Any, Any]


async def authenticated(connection: Connection, handler: BaseRouteHandler) -> None:
    """A guard: the caller is known, may do this, and not too often.

    A handler opts out with `opt={"public": True}`, and asks for more with `opt={"scope": "admin"}`.
    """
    if handler.opt.get("public"):
        return
    identity = await identity_of(connection)
    method = connection.scope.get("method", "GET")
    scope = handler.opt.get("scope") or ("read" if method in SAFE_METHODS else "write")
    if scope not in identity.scopes:
        raise Denied(f"this needs the scope `{scope}`")
    limiter: RateLimiter = connection.app.state.limiter
    limiter.spend(str(identity.user_id), monotonic())
    connection.scope["user"] = identity


async def identity_of(connection: Connection) -> Identity:
    """The identity that a request brings.

    Raises:
        Unauthenticated: it brings none that is valid.
        Denied: a write with the cookie comes from another site's page.
    """
    authenticator: Authenticator = connection.app.state.authenticator
    header = connection.headers.get("authorization")
    if header is not None:
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise Unauthenticated(f"the Authorization header is not understood: {HOW}")
        return await authenticator.identify(token.strip())
    cookie = connection.cookies.get(SESSION_COOKIE)
    if not cookie:
        raise Unauthenticated(f"no token came with the request: {HOW}")
    refuse_other_sites(connection)
    return await authenticator.identify(cookie)


def refuse_other_sites(connection: Connection) -> None:
    """Refuse a write that another site's page makes with our cookie.

    Raises:
        Denied: its `Origin` is not ours.
    """
    origin = connection.headers.get("origin")
    if connection.scope.get("method") in SAFE_METHODS or origin is None:
        return
    try:
        is_ours = urlsplit(origin).netloc == connection.headers.get("host")
    except ValueError:
        is_ours = False
    if not is_ours:
        raise Denied("a page of another site may not write with the session cookie")


async def json_only(connection: Connection, _handler: BaseRouteHandler) -> None:
    """A guard: a body, where there is one, is JSON.

    It waits for nothing, but Litestar would send a plain function to a worker thread.

    Raises:
        HTTPException: 415, it is something else.
    """
    headers = connection.headers
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if not has_body or connection.scope.get("method") in SAFE_METHODS:
        return
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        detail = "send the body as `Content-Type: application/json`"
        raise HTTPException(detail=detail, status_code=415)
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise HTTPException(detail="send the body without a Content-Encoding", status_code=415)
