"""A queue for hashing: a few at a time in threads, a stated number waiting, the rest refused.

Who stops waiting leaves the queue, and the hash is not made.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from taskflow.base.errors import Unavailable

T = TypeVar("T")


class HashQueue:
    """Runs hashes in threads.

    Args:
        threads: How many run at once.
        waiting: How many may wait.
    """

    def __init__(self, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="passwords")
        self._size = threads + waiting
        self._lock = Lock()
        self.admitted = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Do the work in a thread.

        Raises:
            Unavailable: too many wait already.
        """
        with self._lock:
            if self.admitted >= self._size:
                raise Unavailable("too many passwords are being checked; try again soon")
            self.admitted += 1
        future = self._pool.submit(work)
        future.add_done_callback(self._left)
        return await asyncio.wrap_future(future)

    def _left(self, _future: "Future[T]") -> None:
        with self._lock:
            self.admitted -= 1
