"""People for the load: accounts written straight into the table, and tokens of their own.

Thousands of registrations would measure argon2, which is slow by intent.
"""

from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from taskflow.accounts.keys import load_signing_key
from taskflow.accounts.model import NotificationPreferences, User
from taskflow.accounts.tokens import sign
from taskflow.base.clock import SystemClock
from taskflow.base.ids import new_id

STREAMING: Final = UUID("0199a000-0000-7000-8000-000000000001")
LIFETIME: Final = timedelta(hours=6)
COLUMNS: Final = ("id", "email", "name", "timezone", "role", "created_at", "updated_at")
HASH: Final = "none: nobody logs in as them"


def person(user_id: UUID | None = None) -> User:
    """Somebody new."""
    now = SystemClock().now()
    user_id = user_id or new_id(now)
    email = f"{user_id}@example.com"
    preferences = NotificationPreferences()
    return User(user_id, email, "Load", "Europe/Berlin", "user", preferences, now, now)


def tokens(data_dir: Path, people: list[User]) -> list[str]:
    """An access token for each, signed with the installation's key."""
    key = load_signing_key(data_dir)
    now = SystemClock().now()
    return [sign(one, uuid4(), key, now, LIFETIME) for one in people]


async def enrol(dsn: str, people: list[User]) -> None:
    """Write their accounts."""
    rows = [[getattr(one, name) for name in COLUMNS] + [HASH] for one in people]
    connection = await asyncpg.connect(dsn)
    try:
        await connection.copy_records_to_table(
            "users", schema_name="accounts", columns=[*COLUMNS, "password_hash"], records=rows
        )
    finally:
        await connection.close()
