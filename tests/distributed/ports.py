"""Free ports for the programs of a test."""

import random
import socket
from collections.abc import Iterator

# Below those that the system gives to outgoing connections, which would otherwise take one.
LOWEST, HIGHEST = 10_000, 32_000


def free_ports(taken: set[int] | None = None) -> Iterator[int]:
    """Ports that nobody listens on, none twice, and none of those that are taken."""
    given = set() if taken is None else taken
    while True:
        port = random.randrange(LOWEST, HIGHEST)
        if port not in given and _is_free(port):
            given.add(port)
            yield port


def free_span(length: int, taken: set[int] | None = None) -> int:
    """The first of so many free consecutive ports, which are taken then."""
    given = set() if taken is None else taken
    while True:
        base = random.randrange(LOWEST, HIGHEST, length)
        span = range(base, base + length)
        if given.isdisjoint(span) and all(map(_is_free, span)):
            given.update(span)
            return base


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
