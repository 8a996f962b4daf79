"""Free ports for the programs of a test."""

import random
import socket
from collections.abc import Iterator

# Below those that the system gives to outgoing connections, which would otherwise take one.
LOWEST, HIGHEST = 10_000, 32_000


def free_ports() -> Iterator[int]:
    """Ports that nobody listens on, none twice."""
    given: set[int] = set()
    while True:
        port = random.randrange(LOWEST, HIGHEST)
        if port not in given and _is_free(port):
            given.add(port)
            yield port


def free_span(length: int) -> int:
    """The first of so many free consecutive ports."""
    while True:
        base = random.randrange(LOWEST, HIGHEST, length)
        if all(_is_free(base + offset) for offset in range(length)):
            return base


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
