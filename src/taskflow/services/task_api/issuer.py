"""Issues the tokens of a session, also as the page's cookies."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Request, Response
from litestar.datastructures import Cookie

from taskflow.accounts import sessions, tokens
from taskflow.accounts.model import User
from taskflow.base.clock import Clock
from taskflow.base.settings import Settings
from taskflow.chassis.auth import SESSION_COOKIE
from taskflow.services.task_api.schemas import Tokens

REFRESH_COOKIE: Final = "taskflow_refresh"
REFRESH_PATH: Final = "/api/v1/auth"
# Tells the page that there is a session to ask for, and is worth nothing to anybody else.
MARK_COOKIE: Final = "taskflow_here"


class Issuer:
    """Issues tokens.

    Args:
        settings: How long tokens live.
        key: Signs access tokens.
    """

    def __init__(self, settings: Settings, key: Ed25519PrivateKey) -> None:
        self.lifetime = timedelta(days=settings.session_days)
        self._access = timedelta(seconds=settings.access_token_seconds)
        self._key = key
        self._believes_proxy = settings.trusted_proxies > 0

    def answer(
        self, request: Request[Any, Any, Any], user: User, session: sessions.Session, clock: Clock
    ) -> Response[Tokens]:
        """The tokens of a session."""
        access = tokens.sign(user, session.id, self._key, clock.now(), self._access)
        seconds = int(self._access.total_seconds())
        body = Tokens(access, "bearer", seconds, session.refresh_token)
        secure = self._came_by_tls(request)
        cookies = _cookies(access, session.refresh_token, self.lifetime, secure=secure)
        return Response(
            body, status_code=200, cookies=cookies, headers={"Cache-Control": "no-store"}
        )

    def _came_by_tls(self, request: Request[Any, Any, Any]) -> bool:
        """Whether the client speaks TLS, with us or with the proxy in front."""
        forwarded = request.headers.get("x-forwarded-proto", "") if self._believes_proxy else ""
        return "https" in (request.url.scheme, forwarded.partition(",")[0].strip().lower())


def farewell() -> Response[None]:
    """An answer that takes the cookies back."""
    names = ((SESSION_COOKIE, "/"), (REFRESH_COOKIE, REFRESH_PATH), (MARK_COOKIE, "/"))
    gone = [Cookie(name, path, max_age=0) for name, path in names]
    return Response(None, status_code=204, cookies=gone)


def _cookies(access: str, renewal: str, lifetime: timedelta, *, secure: bool) -> Sequence[Cookie]:
    """No script can read the tokens; other sites' pages do not send them with a write."""
    seconds = int(lifetime.total_seconds())
    session = Cookie(SESSION_COOKIE, value=access, path="/", httponly=True, samesite="lax")
    again = Cookie(
        REFRESH_COOKIE, value=renewal, path=REFRESH_PATH, httponly=True, samesite="strict"
    )
    mark = Cookie(MARK_COOKIE, value="1", path="/", samesite="strict")
    session.max_age = again.max_age = mark.max_age = seconds
    session.secure = again.secure = mark.secure = secure
    return [session, again, mark]
