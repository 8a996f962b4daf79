"""Why the database cannot be reached, as a sentence that says what to look at."""

import ssl
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from taskflow.base.errors import Unavailable

MOST_CHARACTERS: Final = 200
SERVERS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
# What connecting may raise.
UNREACHABLE: Final = (OSError, TimeoutError, *SERVERS)


def reason_of(error: BaseException) -> str:
    """The reason in one line, without anything of an address's secrets."""
    match error:
        case ssl.SSLCertVerificationError():
            why = error.verify_message.rstrip(".")
            text = f"its certificate is refused: {why} (sslmode, sslrootcert)"
        case ssl.SSLError():
            text = f"TLS failed: {_brief(error)} (sslrootcert, sslcert, sslkey)"
        case FileNotFoundError() | PermissionError() | NotADirectoryError():
            words = "a file of the connection (sslrootcert, sslcert, sslkey, a socket)"
            text = f"{words} cannot be read: {error.strerror}"
        case ConnectionError() if "rejected SSL upgrade" in str(error):
            text = "it speaks no TLS, which sslmode asks for"
        case _:
            text = _brief(error)
    return text


def place_of(dsn: str) -> str:
    """Where a database is, without a login, and the setting that says so where it is one."""
    parts = urlsplit(dsn)
    hosts = parts.netloc.rpartition("@")[2]
    # An @ further on is of a password that should have been percent-encoded.
    if not hosts or "@" in parts.path + parts.query + parts.fragment:
        return "TASKFLOW_DATABASE_URL" if hosts else "its socket"
    return f"{hosts}{parts.path} (TASKFLOW_DATABASE_URL)"


def unreachable(dsn: str, error: BaseException) -> Unavailable:
    """What to raise when a database cannot be reached."""
    return Unavailable(f"the database at {place_of(dsn)} cannot be reached: {reason_of(error)}")


def _brief(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:MOST_CHARACTERS]
