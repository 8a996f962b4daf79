"""An account and the identities that speak for it. Pure."""

import re
from datetime import datetime, time
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from taskflow.base.errors import Invalid

Role = Literal["user", "admin"]
Scope = Literal["read", "write", "admin"]
Level = Literal["all", "important", "none"]
SCOPES: Final[tuple[Scope, ...]] = ("read", "write", "admin")
MAX_EMAIL: Final = 254
MAX_NAME: Final = 100
_EMAIL: Final = re.compile(
    r"[^\s@\x00-\x1f\x7f\"(),:;<>\[\\\]]{1,64}@[^\s@\x00-\x1f\x7f.]+(\.[^\s@\x00-\x1f\x7f.]+)*"
)
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class QuietHours(Struct, frozen=True, forbid_unknown_fields=True):
    """Wall times, `HH:MM`, between which nothing makes a sound; the span may cross midnight."""

    start: str
    end: str


class NotificationPreferences(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person wants to be told of.

    Attributes:
        level: Everything; reminders and tasks of high or urgent priority; or nothing.
        quiet_hours: In the person's time zone.
    """

    level: Level = "all"
    quiet_hours: QuietHours | None = None


class User(Struct, frozen=True):
    """An account."""

    id: UUID
    email: str
    name: str
    timezone: str
    role: Role
    notification_preferences: NotificationPreferences
    created_at: datetime
    updated_at: datetime


class Identity(Struct, frozen=True):
    """Who makes a request, and what it may do.

    Attributes:
        actor_id: The account's id, or that of the personal access token.
        session_id: The session of an access token.
    """

    user_id: UUID
    actor_type: Literal["user", "token"]
    actor_id: str
    name: str
    role: Role
    scopes: frozenset[str]
    session_id: UUID | None = None


def scopes_of(role: Role) -> frozenset[str]:
    """All that an account of this role may do."""
    return frozenset(SCOPES if role == "admin" else ("read", "write"))


def clean_email(text: str) -> str:
    """An address in the one form that it is kept in.

    Raises:
        Invalid: it is no address.
    """
    email = text.strip().lower()
    if len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email) or _UNPRINTABLE.search(email):
        raise Invalid.field("email", "must be an e-mail address")
    return email


def clean_name(text: str, field: str = "name") -> str:
    """A name without white space around it.

    Raises:
        Invalid: it is empty, too long, or has control characters.
    """
    name = text.strip()
    if not 1 <= len(name) <= MAX_NAME or _UNPRINTABLE.search(name):
        raise Invalid.field(field, f"must have 1 to {MAX_NAME} printable characters")
    return name


def clean_preferences(preferences: NotificationPreferences) -> NotificationPreferences:
    """Preferences whose hours are wall times.

    Raises:
        Invalid: an hour is none.
    """
    if quiet := preferences.quiet_hours:
        for name, text in (("start", quiet.start), ("end", quiet.end)):
            if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
                field = f"notification_preferences.quiet_hours.{name}"
                raise Invalid.field(field, "must be a wall time such as 22:00")
    return preferences


def is_quiet(preferences: NotificationPreferences, local: time) -> bool:
    """Whether a wall time lies within the quiet hours."""
    if preferences.quiet_hours is None:
        return False
    start = time.fromisoformat(preferences.quiet_hours.start)
    end = time.fromisoformat(preferences.quiet_hours.end)
    if start <= end:
        return start <= local < end
    return local >= start or local < end
