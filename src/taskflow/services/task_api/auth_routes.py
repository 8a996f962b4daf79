"""The doors to accounts, sessions and personal access tokens."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Request, Response, delete, get, patch, post
from litestar.datastructures import Cookie

from taskflow.accounts import commands, passwords, queries, sessions, tokens
from taskflow.accounts.model import (
    Identity,
    NotificationPreferences,
    User,
    clean_email,
    clean_name,
    clean_preferences,
    fold_email,
)
from taskflow.base.clock import Clock, monotonic
from taskflow.base.errors import Conflict, Denied, Invalid, NotFound, TooMany, Unauthenticated
from taskflow.base.settings import Settings
from taskflow.chassis.auth import SESSION_COOKIE, identity_of, refuse_other_sites
from taskflow.chassis.inputs import zoned
from taskflow.chassis.limits import RateLimiter
from taskflow.chassis.openapi import OF_CALLER
from taskflow.db.engine import Database
from taskflow.services.task_api.requests import actor_of
from taskflow.services.task_api.schemas import (
    Account,
    AccountPatch,
    LoginBody,
    RefreshBody,
    RegisterBody,
    TokenBody,
    TokenList,
    Tokens,
    TokenState,
)
from taskflow.tasks import commands as task_commands
from taskflow.tasks.zones import parse_zone

REFRESH_COOKIE: Final = "taskflow_refresh"
REFRESH_PATH: Final = "/api/v1/auth"
PUBLIC: Final[dict[str, object]] = {"public": True}
PROVING: Final = PUBLIC | {"raises": (TooMany, Unauthenticated)}
RENEWING: Final = PUBLIC | {"raises": (Denied, Unauthenticated)}
WRONG: Final = "the address or the password is wrong"


class Sessions:
    """Hands out tokens, and limits how often an address may try to get some.

    Args:
        settings: How long tokens live, how often an address may try, who is a proxy.
        key: Signs access tokens.
    """

    def __init__(self, settings: Settings, key: Ed25519PrivateKey) -> None:
        self.lifetime = timedelta(days=settings.session_days)
        self._access = timedelta(seconds=settings.access_token_seconds)
        self._key = key
        self._proxies = settings.trusted_proxies
        per_minute = settings.auth_attempts_per_minute
        self._limiter = RateLimiter(per_minute / 60, per_minute)

    def count_attempt(self, request: Request[Any, Any, Any]) -> None:
        """Count an attempt of the request's address.

        Raises:
            TooMany: there were too many.
        """
        client = request.client.host if request.client else "unknown"
        forwarded = request.headers.get("x-forwarded-for", "").split(",")
        if self._proxies and len(forwarded) >= self._proxies and forwarded[-self._proxies].strip():
            client = forwarded[-self._proxies].strip()
        self._limiter.spend(client, monotonic())

    def answer(
        self, request: Request[Any, Any, Any], user: User, session: sessions.Session, clock: Clock
    ) -> Response[Tokens]:
        """The tokens of a session, also as the page's cookies."""
        access = tokens.sign(user, session.id, self._key, clock.now(), self._access)
        seconds = int(self._access.total_seconds())
        body = Tokens(access, "bearer", seconds, session.refresh_token)
        cookies = _cookies(request, access, session.refresh_token, self.lifetime)
        return Response(
            body, status_code=200, cookies=cookies, headers={"Cache-Control": "no-store"}
        )


@post("/auth/register", opt=PUBLIC | {"raises": (Conflict, TooMany)}, tags=["accounts"])
async def register(
    request: Request[Any, Any, Any],
    data: RegisterBody,
    database: Database,
    clock: Clock,
    user_sessions: Sessions,
) -> Account:
    """Make an account; the first of an installation is its admin."""
    user_sessions.count_attempt(request)
    email, name = clean_email(data.email), clean_name(data.name)
    zone = parse_zone(data.timezone).key
    password = await passwords.hash_password(passwords.check_strength(data.password))
    async with database.transaction() as transaction:
        wanted = commands.Registration(email, password, name, zone)
        return Account.of(await commands.register(transaction, wanted, clock.now()))


@post("/auth/login", status_code=200, opt=PROVING, tags=["accounts"])
async def login(
    request: Request[Any, Any, Any],
    data: LoginBody,
    database: Database,
    clock: Clock,
    user_sessions: Sessions,
) -> Response[Tokens]:
    """Begin a session: an access token, a refresh token, and the page's cookies."""
    user_sessions.count_attempt(request)
    email = fold_email(data.email)
    is_sane = "\0" not in email and email.isprintable()
    async with database.transaction(read_only=True) as transaction:
        kept = await queries.password_hash(transaction, email) if is_sane else None
    if not await passwords.verify_password(data.password, kept) or kept is None:
        raise Unauthenticated(WRONG)
    better = await passwords.hash_password(data.password) if passwords.is_outdated(kept) else None
    async with database.transaction() as transaction:
        user = await queries.user_by_email(transaction, email)
        if user is None:
            raise Unauthenticated(WRONG)
        lifetime = user_sessions.lifetime
        session = await sessions.begin(transaction, user.id, clock.now(), lifetime, kept)
        if better is not None:
            await commands.rehash(transaction, user.id, kept, better)
    return user_sessions.answer(request, user, session, clock)


@post("/auth/refresh", status_code=200, opt=RENEWING, tags=["accounts"])
async def refresh(
    request: Request[Any, Any, Any],
    database: Database,
    clock: Clock,
    user_sessions: Sessions,
    data: RefreshBody | None = None,
) -> Response[Tokens]:
    """A new pair of tokens; a refresh token that is used twice ends its session."""
    token = data.refresh_token if data else None
    if token is None:
        refuse_other_sites(request)
        token = request.cookies.get(REFRESH_COOKIE)
    if not token:
        raise Unauthenticated("no refresh token came with the request")
    user = None
    async with database.transaction() as transaction:
        session = await sessions.renew(transaction, token, clock.now(), user_sessions.lifetime)
        if session is not None:
            user = await queries.user_by_id(transaction, session.user_id)
    if session is None or user is None:
        raise Unauthenticated("the refresh token is not valid; log in again")
    return user_sessions.answer(request, user, session, clock)


@post("/auth/logout", status_code=204, opt=RENEWING, security=OF_CALLER, tags=["accounts"])
async def logout(
    request: Request[Any, Any, Any], database: Database, clock: Clock
) -> Response[None]:
    """End the session; its tokens are refused from now on."""
    caller = await identity_of(request)
    if caller.session_id is not None:
        async with database.transaction() as transaction:
            await sessions.end(transaction, caller.session_id, clock.now())
        await request.app.state.authenticator.refresh()
    gone = [Cookie(SESSION_COOKIE, max_age=0), Cookie(REFRESH_COOKIE, REFRESH_PATH, max_age=0)]
    return Response(None, status_code=204, cookies=gone)


@get("/auth/me", opt={"raises": (NotFound,)}, tags=["accounts"])
async def me(caller: Identity, database: Database) -> Account:
    """The caller's account."""
    async with database.transaction(read_only=True) as transaction:
        return Account.of(await queries.user_by_id(transaction, caller.user_id))


@patch("/auth/me", opt={"raises": (NotFound,)}, tags=["accounts"])
async def change_me(
    data: AccountPatch, caller: Identity, database: Database, clock: Clock
) -> Account:
    """Change the name, the time zone, what to be told of, or the password."""
    preferences = data.notification_preferences
    if isinstance(preferences, str):
        preferences = NotificationPreferences(preferences)
    new_hash = await _new_password(data, caller, database)
    async with database.transaction() as transaction:
        now = clock.now()
        user = await commands.update_profile(
            transaction,
            caller.user_id,
            now,
            name=clean_name(data.name) if data.name is not None else None,
            timezone=parse_zone(data.timezone).key if data.timezone is not None else None,
            notification_preferences=clean_preferences(preferences) if preferences else None,
        )
        if new_hash is not None:
            await commands.set_password(transaction, caller.user_id, new_hash, now)
    return Account.of(user)


@delete("/auth/me", tags=["accounts"])
async def erase_me(
    request: Request[Any, Any, Any], caller: Identity, database: Database, clock: Clock
) -> None:
    """Erase the account and its tasks, for good."""
    _only_in_person(caller)
    async with database.transaction() as transaction:
        now = clock.now()
        await task_commands.erase_all(transaction, actor_of(caller), now)
        await commands.erase(transaction, caller.user_id, now)
    await request.app.state.authenticator.refresh()


@post("/auth/tokens", tags=["accounts"])
async def create_token(
    data: TokenBody, caller: Identity, database: Database, clock: Clock
) -> TokenState:
    """Make a personal access token; its secret is shown this once."""
    _only_in_person(caller)
    expires_at = zoned("expires_at", data.expires_at)
    async with database.transaction() as transaction:
        made = await commands.create_token(
            transaction, caller.user_id, data.name, data.scopes, clock.now(), expires_at
        )
    return TokenState(*made.token, made.secret)


@get("/auth/tokens", tags=["accounts"])
async def list_tokens(caller: Identity, database: Database) -> TokenList:
    """The caller's personal access tokens, without their secrets."""
    async with database.transaction(read_only=True) as transaction:
        found = await queries.tokens_of(transaction, caller.user_id)
    return TokenList([TokenState(*token) for token in found])


@delete("/auth/tokens/{token_id:str}", tags=["accounts"])
async def delete_token(
    request: Request[Any, Any, Any], token_id: UUID, caller: Identity, database: Database
) -> None:
    """Revoke a personal access token."""
    _only_in_person(caller)
    async with database.transaction() as transaction:
        await commands.delete_token(transaction, caller.user_id, token_id)
    await request.app.state.authenticator.refresh()


async def _new_password(data: AccountPatch, caller: Identity, database: Database) -> str | None:
    """The hash of the password to change to, once the present one was given."""
    if data.password is None:
        return None
    _only_in_person(caller)
    password = passwords.check_strength(data.password)
    async with database.transaction(read_only=True) as transaction:
        user = await queries.user_by_id(transaction, caller.user_id)
        kept = await queries.password_hash(transaction, user.email)
    if not await passwords.verify_password(data.current_password or "", kept):
        raise Invalid.field("current_password", "is wrong")
    return await passwords.hash_password(password)


def _only_in_person(caller: Identity) -> None:
    if caller.actor_type != "user":
        raise Denied("a personal access token may not do this; log in")


def _cookies(
    request: Request[Any, Any, Any], access: str, renewal: str, lifetime: timedelta
) -> Sequence[Cookie]:
    """No script can read them; other sites' pages do not send them with a write."""
    secure = request.url.scheme == "https"
    seconds = int(lifetime.total_seconds())
    session = Cookie(SESSION_COOKIE, value=access, path="/", httponly=True, samesite="lax")
    again = Cookie(
        REFRESH_COOKIE, value=renewal, path=REFRESH_PATH, httponly=True, samesite="strict"
    )
    session.max_age = again.max_age = seconds
    session.secure = again.secure = secure
    return [session, again]


ROUTES = [
    register, login, refresh, logout, me, change_me, erase_me,
    create_token, list_tokens, delete_token,
]  # fmt: skip
