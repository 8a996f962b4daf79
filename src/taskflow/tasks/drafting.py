"""Drafts a task beside the loop: to follow a rule may take a while, and others need not wait."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime

from taskflow.events.payloads import Reminder
from taskflow.tasks.drafts import drafted
from taskflow.tasks.model import Fields


async def drafted_aside(
    base: Fields,
    given: Mapping[str, object],
    now: datetime,
    known_reminders: Iterable[Reminder] = (),
) -> Fields:
    """What `drafted` gives, in a thread where it must follow a recurrence.

    Raises:
        Invalid: a field breaks a rule.
    """
    if given.get("recurrence") is None:
        return drafted(base, given, now, known_reminders)
    return await asyncio.to_thread(drafted, base, given, now, known_reminders)
