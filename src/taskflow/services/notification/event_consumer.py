"""Tells people of what happened to their tasks, as far as they want to be told."""

from collections.abc import Callable
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from taskflow.accounts.model import is_quiet
from taskflow.accounts.queries import preferences_of
from taskflow.base import spans
from taskflow.base.clock import Clock
from taskflow.chassis.consumer import Delivery
from taskflow.services.notification import storage
from taskflow.services.notification.frames import Note, is_important, note_of

Tell = Callable[[UUID, Note], None]


class Notifier:
    """Writes notes and has the open streams told of them.

    Args:
        tell: Told of each note once it is kept; tells the open streams, and never waits.
        clock: The time; quiet hours hold for when somebody is told, not for what they are told of.
    """

    def __init__(self, tell: Tell, clock: Clock) -> None:
        self._tell = tell
        self._clock = clock

    async def tell(self, delivery: Delivery) -> None:
        """Keep a note of an event; one that is not wanted only keeps open pages up to date."""
        event, transaction = delivery.event, delivery.transaction
        wanted = await preferences_of(transaction, event.user_id)
        level = wanted.notifications.level
        note = note_of(event)
        if level == "none" or (level == "important" and not is_important(event)):
            note = replace(note, silent=True)
        else:
            now = self._clock.now()
            local = now.astimezone(ZoneInfo(wanted.timezone)).time()
            if is_quiet(wanted.notifications, local) and event.task.priority != "urgent":
                note = replace(note, quiet=True)
            note = await storage.add(transaction, event.user_id, note, now)
        transaction.after_commit(lambda: self._hand_over(event.user_id, note))

    def _hand_over(self, user_id: UUID, note: Note) -> None:
        """Hand a note to its user's streams: one span, however many they are."""
        with spans.below("notify streams", attributes={"taskflow.silent": bool(note.silent)}):
            self._tell(user_id, note)
