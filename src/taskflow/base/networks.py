"""Which addresses a call that somebody else asks for may go to. Pure.

Only what is public on the internet: whatever is private, of this machine, of its link, shared by a
carrier, multicast, reserved or of an old tunnel is refused, in whichever form it is written inside
of another address. An operator may allow networks by name.
"""

import re
from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

LONGEST_URL: Final = 2_048
LONGEST_HOST: Final = 253
PORTS: Final = {"http": 80, "https": 443}
_NUMBER: Final = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)\Z")
_LABEL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\Z")
_URL: Final = re.compile(r"[!-~]+\Z")

# The IANA registries of special-purpose addresses. `is_global` alone is not enough: what it says of
# some of them has changed from one Python to the next.
SPECIAL: Final = tuple(
    ip_network(one)
    for one in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # where clouds answer with credentials
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",  # unspecified, loopback, IPv4-compatible
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b:1::/48",  # a NAT64 of somebody's own
        "100::/64",
        "100:0:0:1::/64",
        "2001::/23",  # Teredo among others
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/9",  # of the link, and of the site
        "ff00::/8",
    )
)
# An IPv4 address inside of an IPv6 one: judged as what it leads to.
_EMBEDDED: Final = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))


class Target(NamedTuple):
    """Where a call over HTTP goes.

    Attributes:
        path: With the query.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """What it has in common with other addresses of the same server."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        suffix = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{suffix}"


def parse_networks(text: str | None) -> tuple[Network, ...]:
    """Networks in CIDR notation, separated by commas.

    Raises:
        ValueError: one of them is none.
    """
    return tuple(ip_network(one.strip()) for one in (text or "").split(",") if one.strip())


def is_permitted(text: str, allowed: Sequence[Network] = ()) -> bool:
    """Whether somebody else may have us connect to an address; what is no address is not."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return _is_permitted(address, allowed)


def _is_permitted(address: Address, allowed: Sequence[Network]) -> bool:
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        if any(address in network for network in _EMBEDDED):
            return _is_permitted(IPv4Address(int(address) & 0xFFFF_FFFF), allowed)
    if any(address in network for network in allowed):
        return True
    return address.is_global and not any(address in network for network in SPECIAL)


def parse_target(url: str) -> Target:
    """A web address as a call may be made to it; its host may still lead anywhere.

    Raises:
        ValueError: it is none, or one that readers understand differently; says why.
    """
    if len(url) > LONGEST_URL or not _URL.match(url) or "\\" in url:
        raise ValueError(f"must be a web address of at most {LONGEST_URL} ASCII characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("must be a web address such as https://example.com/path") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("must begin with https:// or http:// and name a host")
    if "@" in parts.netloc or parts.fragment or port == 0:
        raise ValueError("must have no user, no password, no port 0 and no fragment")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, _host(parts), port or PORTS[parts.scheme], path)


def _host(parts: SplitResult) -> str:
    """The host as everybody understands it: an address in its plain form, or a name."""
    host = (parts.hostname or "").removesuffix(".")
    if "[" in parts.netloc:
        return str(_literal(host))
    labels = host.split(".")
    if _NUMBER.match(labels[-1]):
        return str(_literal(host))
    if len(host) > LONGEST_HOST or not all(_LABEL.match(label) for label in labels):
        raise ValueError("must name a host in its ASCII form (xn--… where it has other letters)")
    return host


def _literal(host: str) -> Address:
    try:
        address = ip_address(host)
    except ValueError:
        raise ValueError("must have an address of four decimal numbers, or one in [ ]") from None
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise ValueError("must have an address without a zone")
    return address


def is_literal(host: str) -> bool:
    """Whether a host is an address already."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
