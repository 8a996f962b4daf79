"""Time-ordered ids: UUID version 7 (RFC 9562 section 5.7).

A fresh id rises within a process even when the clock stands still or jumps back. A derived id is a
function of its arguments, so that doing a thing twice names the same thing.
"""

import os
import threading
from datetime import UTC, datetime
from hashlib import sha1
from uuid import UUID

_TIMESTAMP_BITS = 48
_RANDOM_BITS = 74
_MAX_TIMESTAMP = (1 << _TIMESTAMP_BITS) - 1
_LOW = (1 << 62) - 1
_NO_VARIANT = (1 << _RANDOM_BITS) - 1 & ~(0b11 << 62)


class IdSource:
    """Makes ids that rise strictly within this source (RFC 9562 section 6.2, method 2)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._milliseconds = -1
        self._tail = 0

    def next(self, now: datetime) -> UUID:
        """A fresh UUIDv7, greater than all earlier ones of this source."""
        milliseconds = _milliseconds(now)
        with self._lock:
            if milliseconds > self._milliseconds:
                self._milliseconds = milliseconds
                # The top bit stays clear, so that counting up has room.
                self._tail = int.from_bytes(os.urandom(10)) & ((1 << (_RANDOM_BITS - 1)) - 1)
            else:
                self._tail += 1 + int.from_bytes(os.urandom(4))
            return _compose(self._milliseconds, self._tail)


_SOURCE = IdSource()


def new_id(now: datetime) -> UUID:
    """A fresh UUIDv7 for this instant."""
    return _SOURCE.next(now)


def derived_id(namespace: UUID, name: str, at: datetime) -> UUID:
    """The id of `name` within `namespace`: a UUIDv7 that stands at `at`, its other bits from uuid5.

    The same arguments always give the same id.
    """
    return _compose(_milliseconds(at), _tail_of_uuid5(namespace, name))


def first_id_at(instant: datetime) -> UUID:
    """The smallest UUIDv7 of an instant: a bound for ranges of ids by time."""
    return _compose(_milliseconds(instant), 0)


def instant_of(identifier: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond, in UTC."""
    return datetime.fromtimestamp((identifier.int >> (128 - _TIMESTAMP_BITS)) / 1000, UTC)


def _tail_of_uuid5(namespace: UUID, name: str) -> int:
    """The last 74 bits of a UUIDv5 (RFC 9562 section 5.5), its variant among them.

    The library's `uuid5` gives the same, and takes three times as long.
    """
    digest = sha1(namespace.bytes + name.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[6:16]) & _NO_VARIANT | 0b10 << 62


def _milliseconds(instant: datetime) -> int:
    return min(max(int(instant.timestamp() * 1000), 0), _MAX_TIMESTAMP)


def _compose(milliseconds: int, tail: int) -> UUID:
    """48 bits of time, version 7, 12 bits, variant 10, 62 bits."""
    high, low = tail >> 62 & 0xFFF, tail & _LOW
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
