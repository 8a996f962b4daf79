"""How often a password may be guessed: from one place, and at one account from all places.

A right password costs the account nothing, and where somebody was let in before, guesses from
elsewhere do not count: nobody can lock them out there. Elsewhere they wait seconds, not hours.
"""

import ipaddress
from collections import OrderedDict
from typing import Any, Final

from litestar import Request

from taskflow.base.clock import monotonic
from taskflow.base.settings import Settings
from taskflow.chassis.limits import RateLimiter

# An account bears the guesses of three places at once, and in the long run a third of one's.
PLACES: Final = 3


class Attempts:
    """Counts attempts; pure but for `of`, which reads a request and the clock.

    Args:
        per_minute: Attempts a minute from one place.
        proxies: How many reverse proxies in front of us are believed.
        capacity: How many known places are remembered.
    """

    def __init__(self, per_minute: int, proxies: int = 0, capacity: int = 50_000) -> None:
        self._places = RateLimiter(per_minute / 60, per_minute)
        self._accounts = RateLimiter(per_minute / 60 / PLACES, per_minute * PLACES)
        self._proxies = proxies
        self._capacity = capacity
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    @classmethod
    def under(cls, settings: Settings) -> "Attempts":
        """Attempts as the settings allow them."""
        return cls(settings.auth_attempts_per_minute, settings.trusted_proxies)

    def of(self, request: Request[Any, Any, Any], account: str | None = None) -> "Attempt":
        """Count an attempt that a request makes, at an account if it guesses a password.

        Raises:
            TooMany: there were too many.
        """
        host = request.client.host if request.client else None
        place = place_of(host, request.headers.get("x-forwarded-for", ""), self._proxies)
        self.guess(place, account, monotonic())
        return Attempt(self, place, account)

    def guess(self, place: str, account: str | None, now: float) -> None:
        """Count an attempt at a monotonic time.

        Raises:
            TooMany: there were too many.
        """
        self._places.spend(place, now)
        if account is not None and (place, account) not in self._known:
            self._accounts.spend(account, now)

    def was_right(self, place: str, account: str) -> None:
        """Take an attempt back from the account, and know the place from now on."""
        if (place, account) not in self._known:
            self._accounts.give_back(account)
        self._known[place, account] = None
        self._known.move_to_end((place, account))
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)


class Attempt:
    """An attempt that was counted."""

    def __init__(self, attempts: Attempts, place: str, account: str | None) -> None:
        self._attempts = attempts
        self._place = place
        self._account = account

    def was_right(self) -> None:
        """The password was the account's."""
        if self._account is not None:
            self._attempts.was_right(self._place, self._account)


def place_of(host: str | None, forwarded: str, proxies: int) -> str:
    """Where a request comes from: its address, in IPv6 the network that one customer is given.

    Args:
        host: Who is connected to us.
        forwarded: The header X-Forwarded-For, to which every proxy appends.
        proxies: How many of its last entries are believed.
    """
    hops = [hop.strip() for hop in forwarded.split(",")]
    if proxies and len(hops) >= proxies and hops[-proxies]:
        host = hops[-proxies]
    try:
        address = ipaddress.ip_address(host or "unknown")
    except ValueError:
        return host or "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.ip_network((address, 64), strict=False))
        address = address.ipv4_mapped
    return str(address)
