"""What was kept for users, read in pieces that bound what a stream can cost."""

from collections.abc import Collection
from typing import Final, NamedTuple
from uuid import UUID

from taskflow.db.engine import Database
from taskflow.services.notification import frames, storage
from taskflow.services.notification.frames import Note

MOST_MISSED: Final = 500
PAGE: Final = 200
PAGE_BYTES: Final = 32 * 1024


class Page(NamedTuple):
    """Some notes as one piece of a stream, and the number of the last."""

    body: bytes
    last: int


class TableBacklog:
    """Reads the table of notifications.

    Args:
        database: Where it is.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def positions(self, users: Collection[UUID]) -> dict[UUID, int]:
        """The last number of each user who has any."""
        async with self._database.transaction(read_only=True) as transaction:
            return await storage.positions(transaction, users)

    async def after(self, user_id: UUID, number: int) -> list[Note]:
        """A user's notes past a number, in order, the first ones where there are many."""
        async with self._database.transaction(read_only=True) as transaction:
            return await storage.after(transaction, user_id, number, MOST_MISSED)

    async def page(self, user_id: UUID, number: int, up_to: int) -> Page | None:
        """What follows a number; None when the very next one is no longer kept."""
        async with self._database.transaction(read_only=True) as transaction:
            found = await storage.page(transaction, user_id, number, up_to, PAGE, PAGE_BYTES)
        if not found or found[0].id != number + 1:
            return None
        body = b"".join(frames.frame(one.id, one.event_type, one.body) for one in found)
        return Page(body, found[-1].id)
