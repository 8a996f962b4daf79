"""Tells people of what happened to their tasks, as far as they want to be told."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from taskflow.accounts.model import is_quiet
from taskflow.accounts.queries import Preferences, preferences_of_all
from taskflow.base import spans
from taskflow.base.clock import Clock
from taskflow.chassis.handlers import Delivery
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskEvent
from taskflow.services.notification import storage
from taskflow.services.notification.frames import (
    Note,
    has_just_fired,
    is_important,
    is_told_by_another,
    note_of,
)
from taskflow.services.notification.storage import Addressed
from taskflow.tasks.zones import parse_zone, wall_time

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

    async def tell(self, transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        """Keep a note of each event; one that is not wanted only keeps open pages up to date."""
        now = self._clock.now()
        users = {delivery.event.user_id for delivery in deliveries}
        wanted = await preferences_of_all(transaction, users)
        notes = [_note(one.event, wanted[one.event.user_id], now) for one in deliveries]
        notes = await storage.add(transaction, notes, now)
        transaction.after_commit(lambda: self._hand_over(deliveries, notes))

    def _hand_over(self, deliveries: Sequence[Delivery], notes: Sequence[Addressed]) -> None:
        """Hand each note to its user's streams: one span, however many they are."""
        for delivery, (user_id, note) in zip(deliveries, notes, strict=True):
            known = {"taskflow.silent": bool(note.silent)}
            with spans.Inside(delivery.span), spans.below("notify streams", attributes=known):
                self._tell(user_id, note)


def _note(event: TaskEvent, wanted: Preferences, now: datetime) -> Addressed:
    """What an event's owner is told of it, and how loudly.

    What is snoozed comes in quiet hours too; a reminder told of late is judged by them anew.
    Of many reminders that were missed the first speaks for all but the urgent ones; the others are
    in the list.
    """
    note, level = note_of(event), wanted.notifications.level
    if level == "none" or (level == "important" and not is_important(event)):
        note = replace(note, silent=True)
    elif event.task.priority != "urgent":
        local = wall_time(now, parse_zone(wanted.timezone)).time()
        is_silenced = is_quiet(wanted.notifications, local) and not has_just_fired(event, now)
        if is_told_by_another(event) or is_silenced:
            note = replace(note, quiet=True)
    return Addressed(event.user_id, note)
