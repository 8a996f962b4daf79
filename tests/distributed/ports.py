"""Free ports for the programs of a test, never those of the tests that run beside it."""

import os
import random
import socket
from collections.abc import Iterator

# Below those that the system gives to outgoing connections, which would otherwise take one.
LOWEST, HIGHEST = 10_000, 32_000


def part_of(worker: int, workers: int) -> range:
    """The ports of one of so many workers: between looking and listening, another would take it."""
    length = (HIGHEST - LOWEST) // workers
    return range(LOWEST + worker * length, LOWEST + (worker + 1) * length)


PART = part_of(
    int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")),
    int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")),
)
# What was given may not be listened on yet.
GIVEN: set[int] = set()


def free_ports() -> Iterator[int]:
    """Ports that nobody listens on and nobody here was given."""
    while True:
        yield free_span(1)


def free_span(length: int) -> int:
    """The first of so many consecutive ports that nobody listens on and nobody here was given."""
    while True:
        base = random.choice(PART[:-length:length])
        span = range(base, base + length)
        if GIVEN.isdisjoint(span) and all(map(_is_free, span)):
            GIVEN.update(span)
            return base


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
