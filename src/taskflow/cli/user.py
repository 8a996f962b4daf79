"""`taskflow user`: accounts, for whoever runs the installation."""

import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import typer

from taskflow.accounts import commands, passwords, queries
from taskflow.accounts.model import User, clean_email, clean_name, fold_email
from taskflow.base.clock import SystemClock
from taskflow.base.errors import NotFound
from taskflow.base.settings import Settings
from taskflow.cli.command import DataDir, run, say, settings_of, show_rows
from taskflow.db.transaction import Transaction
from taskflow.runner.attach import database_as
from taskflow.tasks.zones import parse_zone

app = typer.Typer(help="Accounts: create, list, make admin, reset a password.")
ROLE: Final = "taskflow_task_api"
Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]
Name = Annotated[str, typer.Option(help="What people call them.")]
Zone = Annotated[str, typer.Option(help="Their time zone, such as Europe/Berlin.")]
IsAdmin = Annotated[bool, typer.Option("--admin", help="Make the account an admin.")]


@app.command("create")
def create(
    email: Email,
    name: Name,
    timezone: Zone = "UTC",
    data_dir: DataDir = None,
    *,
    admin: IsAdmin = False,
) -> None:
    """Make an account; asks for the password, or reads it from standard input.

    Examples:
        taskflow user create ada@example.com --name "Ada Lovelace" --admin

        pass show taskflow | taskflow user create ada@example.com --name Ada
    """
    settings = settings_of(data_dir)
    wanted = (clean_email(email), clean_name(name), parse_zone(timezone).key)
    password = passwords.check_strength(_ask_password())
    say(run(_create(settings, wanted, password, admin=admin)))


@app.command("list")
def list_all(data_dir: DataDir = None) -> None:
    """List the accounts, oldest first.

    Examples:
        taskflow user list
    """
    users = run(_list(settings_of(data_dir)))
    if not users:
        say("there are no accounts yet")
        return
    rows = [
        (user.email, user.role, f"{user.created_at:%Y-%m-%d}", user.timezone, user.name)
        for user in users
    ]
    show_rows(("e-mail", "role", "since", "time zone", "name"), rows)


@app.command("make-admin")
def make_admin(email: Email, data_dir: DataDir = None) -> None:
    """Make an account an admin; its sessions end, so that it logs in as one.

    Examples:
        taskflow user make-admin ada@example.com
    """

    async def work(transaction: Transaction, user: User) -> str:
        await commands.set_role(transaction, user.id, "admin", SystemClock().now())
        return f"{user.email} is an admin now"

    say(run(_with_user(settings_of(data_dir), email, work)))


@app.command("reset-password")
def reset_password(email: Email, data_dir: DataDir = None) -> None:
    """Give an account a new password; its sessions end.

    Examples:
        taskflow user reset-password ada@example.com
    """
    settings = settings_of(data_dir)
    password = passwords.check_strength(_ask_password())

    async def work(transaction: Transaction, user: User) -> str:
        hashed = await passwords.hash_password(password)
        await commands.set_password(transaction, user.id, hashed, SystemClock().now())
        return f"{user.email} has a new password, and its sessions have ended"

    say(run(_with_user(settings, email, work)))


async def _create(
    settings: Settings, wanted: tuple[str, str, str], password: str, *, admin: bool
) -> str:
    email, name, zone = wanted
    now = SystemClock().now()
    hashed = await passwords.hash_password(password)
    async with database_as(ROLE, settings) as database, database.transaction() as transaction:
        registration = commands.Registration(email, hashed, name, zone)
        user = await commands.register(transaction, registration, now)
        if admin and user.role != "admin":
            await commands.set_role(transaction, user.id, "admin", now)
        role = "admin" if admin else user.role
    return f"{user.email} has an account, as {role}"


async def _list(settings: Settings) -> list[User]:
    async with database_as(ROLE, settings) as database, database.transaction() as transaction:
        return await queries.list_users(transaction)


async def _with_user(
    settings: Settings, email: str, work: Callable[[Transaction, User], Awaitable[str]]
) -> str:
    async with database_as(ROLE, settings) as database, database.transaction() as transaction:
        user = await queries.user_by_email(transaction, fold_email(email))
        if user is None:
            raise NotFound(f"there is no account {email}; `taskflow user list` shows them all")
        return await work(transaction, user)


def _ask_password() -> str:
    """The password, typed twice by a person, or the first line that another program gives."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    answer: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer
