"""Who is asking: a bearer token, a personal access token, or the page's session cookie.

An access token is verified with the public key alone. A revoked session is refused before its token
expires: its id is read from the table at the hint that follows a revocation, and every few seconds.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler

from taskflow.accounts import queries
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
# A revoked session matters until the last access token that it gave has expired.
_REVOKED_WITHIN: Final = timedelta(days=1)

log = structlog.get_logger()


class Authenticator:
    """Knows identities by their tokens; one for each process.

    Args:
        public_key: Verifies access tokens.
        database: Knows personal access tokens and revoked sessions.
        clock: The time.
    """

    def __init__(self, public_key: Ed25519PublicKey, database: Database, clock: Clock) -> None:
        self._public_key = public_key
        self._database = database
        self._clock = clock
        self._known: OrderedDict[str, tuple[Identity, datetime]] = OrderedDict()
        self._revoked: frozenset[UUID] = frozenset()

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
        return known[0]

    async def _look_up(self, token: str, now: datetime) -> tuple[Identity, datetime]:
        if token.startswith(PERSONAL_PREFIX):
            async with self._database.transaction(read_only=True) as transaction:
                identity = await queries.identity_of_token(transaction, token, now)
            return identity, now + timedelta(seconds=_PERSONAL_SECONDS)
        claims = verify(token, self._public_key, now)
        return claims.identity, claims.expires_at

    async def watch(self) -> None:
        """Learn of revocations until cancelled."""
        while True:
            await self.refresh()
            await self._database.hints.wait("sessions", _WATCH_SECONDS)

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
    if urlsplit(origin).netloc != connection.headers.get("host"):
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
