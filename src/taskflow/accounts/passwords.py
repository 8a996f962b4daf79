"""Passwords: argon2id (RFC 9106) with OWASP's parameters, two hashes at a time, never in a log."""

from functools import partial
from importlib.resources import files
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from taskflow.accounts.hash_queue import HashQueue
from taskflow.base.errors import Invalid

SHORTEST: Final = 8
LONGEST_BYTES: Final = 1024
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Hashing is work for the processor and lets other threads run; more at once would only wait. A hash
# takes some 20 ms, so that the last of those who wait is served within a few seconds.
QUEUE: Final = HashQueue(threads=2, waiting=256)
_COMMON: Final = frozenset(
    (files("taskflow.accounts") / "common_passwords.txt").read_text("utf-8").split()
)
# What an unknown address is compared with, so that it costs as much as a known one.
_DUMMY: Final = _HASHER.hash("nobody has this password")


def check_strength(password: str) -> str:
    """A password that is neither short nor common.

    Raises:
        Invalid: it is weak, or too long.
    """
    if len(password) < SHORTEST:
        raise Invalid.field("password", f"must have at least {SHORTEST} characters")
    if len(password.encode("utf-8", "replace")) > LONGEST_BYTES or "\0" in password:
        raise Invalid.field("password", f"must have at most {LONGEST_BYTES} bytes and no NUL")
    if password.lower() in _COMMON or len(set(password)) == 1:
        raise Invalid.field("password", "is among the commonest passwords")
    return password


async def hash_password(password: str) -> str:
    """The hash to keep.

    Raises:
        Unavailable: too many hashes wait already.
    """
    return await QUEUE.run(partial(_HASHER.hash, _bytes(password)))


async def verify_password(password: str, kept: str | None) -> bool:
    """Whether a password is the one of a hash; as slow when there is no hash.

    Raises:
        Unavailable: too many hashes wait already.
    """
    is_right = await QUEUE.run(partial(_verify, _bytes(password), kept or _DUMMY))
    return is_right and kept is not None


def is_outdated(kept: str) -> bool:
    """Whether a hash was made by other parameters than are used now."""
    return _HASHER.check_needs_rehash(kept)


def _verify(password: bytes, kept: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")[: LONGEST_BYTES + 1]
