"""PostgreSQL addresses (libpq's connection URIs), taken apart and put together."""

from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

# Of a socket of this machine: what the environment says of TLS is about other servers.
NO_TLS = "sslmode=disable"
# Parameters about the way to a server.
NETWORK = ("host", "port", "ssl", "channel_binding", "gssencmode", "require_auth")


class Address(NamedTuple):
    """An address that may stand on a command line, and the password that may not."""

    url: str
    password: str | None


def without_password(dsn: str) -> Address:
    """Part an address and its password, wherever in the address that stands."""
    parts = urlsplit(dsn)
    login, at, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    found = [value for name, value in _query(parts) if name == "password"] or [unquote(password)]
    rest = [(name, value) for name, value in _query(parts) if name != "password"]
    return Address(_join(parts._replace(netloc=user + at + hosts), rest), found[-1] or None)


def with_database(dsn: str, database: str) -> str:
    """The address of another database of the same server."""
    parts = urlsplit(dsn)
    rest = [one for one in _query(parts) if one[0] not in ("dbname", "database")]
    return _join(parts._replace(path="/" + quote(database, safe="")), rest)


def at_socket(dsn: str, folder: str, port: int) -> str:
    """The address of the same database at a socket of this machine, where no TLS is needed."""
    parts = urlsplit(dsn)
    login, at, _ = parts.netloc.rpartition("@")
    rest = [one for one in _query(parts) if not one[0].startswith(NETWORK)]
    there = [("host", folder), ("port", str(port)), ("sslmode", "disable")]
    return _join(parts._replace(netloc=login + at), [*rest, *there])


def _query(parts: SplitResult) -> list[tuple[str, str]]:
    return parse_qsl(parts.query, keep_blank_values=True)


def _join(parts: SplitResult, query: list[tuple[str, str]]) -> str:
    """Unlike `urlunsplit`, keep the slashes of an empty host, and write no `+` for a space."""
    rest = f"?{urlencode(query, quote_via=quote)}" if query else ""
    return f"{parts.scheme}://{parts.netloc}{parts.path}{rest}"
