"""Codes that prove that a mail box is the person's: made, and compared. Pure but for the code."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from taskflow.services.reminder.channels.port import Message

DIGITS: Final = 8
VALID: Final = timedelta(minutes=15)
MOST_ATTEMPTS: Final = 5


class Verification(Struct, frozen=True):
    """A code that is to be shown to us; what is kept of it tells nobody the code."""

    digest: str
    expires_at: datetime
    attempts: int = 0


def fresh_code() -> str:
    """A code that nobody can guess in the few attempts that there are."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def awaiting(channel_id: UUID, code: str, now: datetime) -> Verification:
    """What is kept of a code that was sent."""
    return Verification(_digest(channel_id, code), now + VALID)


def is_spent(verification: Verification, now: datetime) -> bool:
    """Whether another code is needed."""
    return verification.expires_at <= now or verification.attempts >= MOST_ATTEMPTS


def matches(verification: Verification, channel_id: UUID, code: str) -> bool:
    """Whether a code is the one that was sent."""
    return compare_digest(verification.digest, _digest(channel_id, code))


def tried(verification: Verification) -> Verification:
    """The same after a wrong code."""
    return replace(verification, attempts=verification.attempts + 1)


def code_message(identifier: UUID, code: str, now: datetime) -> Message:
    """What tells a person their code."""
    body = (
        f"Your code is {code}. Type it into TaskFlow within 15 minutes, and your reminders are "
        "sent to this address.\n\nIf you did not ask for it, somebody typed your address by "
        "mistake: without the code nothing more is sent here."
    )
    title = f"{code} is your TaskFlow code"
    return Message(identifier, "verification", title, body, None, "high", now, 0, (), None)


def _digest(channel_id: UUID, code: str) -> str:
    return sha256(f"{channel_id}:{code}".encode()).hexdigest()
