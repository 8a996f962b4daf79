"""The doors to accounts, sessions and personal access tokens."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, delete, get, patch, post
from msgspec import UNSET, UnsetType

from taskflow.accounts import commands, passwords, queries, sessions, tokens
from taskflow.accounts.model import Identity, clean_email, clean_name, fold_email
from taskflow.base.clock import Clock
from taskflow.base.errors import Conflict, Denied, Invalid, NotFound, TooMany, Unauthenticated
from taskflow.chassis.auth import identity_of, refuse_other_sites
from taskflow.chassis.disconnect import while_connected
from taskflow.chassis.inputs import zoned
from taskflow.chassis.openapi import OF_CALLER
from taskflow.db.engine import Database
from taskflow.services.task_api import idempotency
from taskflow.services.task_api.attempts import Attempts
from taskflow.services.task_api.issuer import REFRESH_COOKIE, Issuer, farewell
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
from taskflow.tasks.floating import move_floating
from taskflow.tasks.zones import parse_zone

PUBLIC: Final[dict[str, object]] = {"public": True}
PROVING: Final = PUBLIC | {"raises": (TooMany, Unauthenticated)}
RENEWING: Final = PUBLIC | {"raises": (Denied, Unauthenticated)}
WRONG: Final = "the email or the password is wrong"


@post("/auth/register", opt=PUBLIC | {"raises": (Conflict, TooMany)}, tags=["accounts"])
async def register(
    request: Request[Any, Any, Any],
    data: RegisterBody,
    database: Database,
    clock: Clock,
    attempts: Attempts,
) -> Account:
    """Make an account; the first ever of an installation is its admin."""
    attempts.of(request)
    email, name = clean_email(data.email), clean_name(data.name)
    zone = parse_zone(data.timezone).key
    strong = passwords.check_strength(data.password)
    password = await while_connected(request.receive, passwords.hash_password(strong))
    async with database.transaction() as transaction:
        wanted = commands.Registration(email, password, name, zone)
        return Account.of(await commands.register(transaction, wanted, clock.now()))


@post("/auth/login", status_code=200, opt=PROVING, tags=["accounts"])
async def login(
    request: Request[Any, Any, Any],
    data: LoginBody,
    database: Database,
    clock: Clock,
    issuer: Issuer,
    attempts: Attempts,
) -> Response[Tokens]:
    """Begin a session: an access token, a refresh token, and the page's cookies."""
    email = fold_email(data.email)
    attempt = attempts.of(request, tokens.digest(email).hex())
    is_sane = "\0" not in email and email.isprintable()
    async with database.transaction(read_only=True) as transaction:
        kept = await queries.password_hash(transaction, email) if is_sane else None
    proof = passwords.verify_password(data.password, kept)
    if not await while_connected(request.receive, proof) or kept is None:
        raise Unauthenticated(WRONG)
    attempt.was_right()
    better = await passwords.hash_password(data.password) if passwords.is_outdated(kept) else None
    async with database.transaction() as transaction:
        user = await queries.user_by_email(transaction, email)
        if user is None:
            raise Unauthenticated(WRONG)
        session = await sessions.begin(transaction, user.id, clock.now(), issuer.lifetime, kept)
        if better is not None:
            await commands.rehash(transaction, user.id, kept, better)
    return issuer.answer(request, user, session, clock)


@post("/auth/refresh", status_code=200, opt=RENEWING, tags=["accounts"])
async def refresh(
    request: Request[Any, Any, Any],
    database: Database,
    clock: Clock,
    issuer: Issuer,
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
        session = await sessions.renew(transaction, token, clock.now(), issuer.lifetime)
        if session is not None:
            user = await queries.user_by_id(transaction, session.user_id)
    if session is None or user is None:
        raise Unauthenticated("the refresh token is not valid; log in again")
    return issuer.answer(request, user, session, clock)


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
    return farewell()


@get("/auth/me", opt={"raises": (NotFound,)}, tags=["accounts"])
async def me(caller: Identity, database: Database) -> Account:
    """The caller's account."""
    async with database.transaction(read_only=True) as transaction:
        return Account.of(await queries.user_by_id(transaction, caller.user_id))


@patch("/auth/me", opt={"raises": (NotFound,)}, tags=["accounts"])
async def change_me(
    request: Request[Any, Any, Any],
    data: AccountPatch,
    caller: Identity,
    database: Database,
    clock: Clock,
    attempts: Attempts,
) -> Account:
    """Change the name, the time zone (floating tasks go with it), what to be told, the password."""
    zone = None if data.timezone is UNSET else parse_zone(data.timezone or "UTC").key
    new_hash = None
    if data.password is not UNSET:
        _only_in_person(caller)
        password = passwords.check_strength(data.password)
        attempt = attempts.of(request, f"password of {caller.user_id}")
        exchange = _new_hash(data.current_password, password, caller, database)
        new_hash = await while_connected(request.receive, exchange)
        attempt.was_right()
    async with database.transaction() as transaction:
        now = clock.now()
        if zone is not None:
            await move_floating(transaction, actor_of(caller), zone, now)
        user = await commands.update_profile(
            transaction,
            caller.user_id,
            now,
            name=None if data.name is UNSET else clean_name(data.name),
            timezone=zone,
            preferences=data.preferences,
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
        await idempotency.forget(transaction, caller.user_id)
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


async def _new_hash(
    current: str | UnsetType, password: str, caller: Identity, database: Database
) -> str:
    """The hash of the password to change to, once the present one was given."""
    if current is UNSET:
        raise Invalid.field("current_password", "is required")
    async with database.transaction(read_only=True) as transaction:
        user = await queries.user_by_id(transaction, caller.user_id)
        kept = await queries.password_hash(transaction, user.email)
    if not await passwords.verify_password(current, kept):
        raise Invalid.field("current_password", "is wrong")
    return await passwords.hash_password(password)


def _only_in_person(caller: Identity) -> None:
    if caller.actor_type != "user":
        raise Denied("a personal access token may not do this; log in")


ROUTES = [
    register, login, refresh, logout, me, change_me, erase_me,
    create_token, list_tokens, delete_token,
]  # fmt: skip
