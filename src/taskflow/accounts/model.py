"""An account and the identities that speak for it. Pure."""

import re
import unicodedata
from datetime import datetime, time
from typing import Any, Final, Literal
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType, convert, to_builtins

from taskflow.base.errors import Invalid

Role = Literal["user", "admin"]
Scope = Literal["read", "write", "admin"]
Level = Literal["all", "important", "none"]
SCOPES: Final[tuple[Scope, ...]] = ("read", "write", "admin")
MAX_EMAIL: Final = 254
MAX_NAME: Final = 100
MAX_LOCAL: Final = 64
MAX_LABEL: Final = 63
_LOCAL: Final = re.compile(r"[^\s@\"(),:;<>\[\\\].]+(\.[^\s@\"(),:;<>\[\\\].]+)*")
_HOUR: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
# Unicode's general categories: controls, invisible formats, surrogates, line separators.
_CONTROLS: Final = ("Cc", "Cs", "Zl", "Zp")
_INVISIBLE: Final = (*_CONTROLS, "Cf", "Cn", "Co")


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


class QuietHoursPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change of quiet hours."""

    start: str | UnsetType | None = UNSET
    end: str | UnsetType | None = UNSET


class PreferencesPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """A JSON merge patch (RFC 7396) of preferences: null takes the default."""

    level: Level | UnsetType | None = UNSET
    quiet_hours: QuietHoursPatch | UnsetType | None = UNSET


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
        expires_at: When the access token does.
    """

    user_id: UUID
    actor_type: Literal["user", "token"]
    actor_id: str
    name: str
    role: Role
    scopes: frozenset[str]
    session_id: UUID | None = None
    expires_at: datetime | None = None


def scopes_of(role: Role) -> frozenset[str]:
    """All that an account of this role may do."""
    return frozenset(SCOPES if role == "admin" else ("read", "write"))


def fold_email(text: str) -> str:
    """The form in which addresses are compared; what looks the same is the same (NFC)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.strip()).lower())


def clean_email(text: str) -> str:
    """An address in the one form that it is kept in.

    Raises:
        Invalid: it is no address.
    """
    email = fold_email(text)
    local, _, domain = email.partition("@")
    labels = domain.split(".")
    if (
        len(email) > MAX_EMAIL
        or len(local) > MAX_LOCAL
        or not _LOCAL.fullmatch(local)
        or _has(email, _INVISIBLE)
        or len(labels) == 1
        or not all(_is_label(label) for label in labels)
    ):
        raise Invalid.field("email", "must be an e-mail address")
    return email


def clean_name(text: str, field: str = "name") -> str:
    """A name without white space around it.

    Raises:
        Invalid: it is empty, too long, or has control characters.
    """
    name = text.strip()
    if not 1 <= len(name) <= MAX_NAME or _has(name, _CONTROLS):
        raise Invalid.field(field, f"must have 1 to {MAX_NAME} printable characters")
    return name


def patched(
    preferences: NotificationPreferences, patch: PreferencesPatch
) -> NotificationPreferences:
    """Preferences after a patch.

    Raises:
        Invalid: an hour is missing or no wall time.
    """
    merged: Any = _merged(to_builtins(preferences), to_builtins(patch))
    hours = merged.get("quiet_hours")
    missing = [name for name in ("start", "end") if hours is not None and name not in hours]
    if missing:
        raise Invalid.field(f"notification_preferences.quiet_hours.{missing[0]}", "is required")
    return clean_preferences(convert(merged, NotificationPreferences))


def clean_preferences(preferences: NotificationPreferences) -> NotificationPreferences:
    """Preferences whose hours are wall times.

    Raises:
        Invalid: an hour is none.
    """
    if quiet := preferences.quiet_hours:
        for name, text in (("start", quiet.start), ("end", quiet.end)):
            if not _HOUR.fullmatch(text):
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


def _merged(target: object, patch: object) -> object:
    """RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged


def _has(text: str, categories: tuple[str, ...]) -> bool:
    return any(unicodedata.category(character) in categories for character in text)


def _is_label(label: str) -> bool:
    """Whether this is a part of a domain: letters, digits and inner hyphens of any script."""
    return (
        1 <= len(label) <= MAX_LABEL
        and label[0] != "-" != label[-1]
        and all(letter == "-" or unicodedata.category(letter)[0] in "LMN" for letter in label)
    )
