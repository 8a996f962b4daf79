"""What a person does to a reminder: it is written down, and nothing more goes out of it then."""

from datetime import datetime

from taskflow.base.clock import rfc3339
from taskflow.base.errors import Conflict
from taskflow.db.transaction import Transaction
from taskflow.services.reminder import deliveries, receipts, storage
from taskflow.services.reminder.history import Person, of_hand
from taskflow.services.reminder.presets import Preset
from taskflow.services.reminder.storage import Kept


async def snooze(
    transaction: Transaction, person: Person, until: datetime, preset: Preset | None
) -> Kept:
    """Let a reminder fire again at an instant; whoever does so has seen what has fired of it.

    Raises:
        NotFound: there is none, or it is somebody else's.
        Conflict: nothing of it fires.
    """
    kept = await _living(transaction, person)
    if (closed := await storage.why_closed(transaction, kept.task_id)) is not None:
        raise Conflict(f"nothing of it fires: {closed}")
    seen = []
    if kept.fired_at is not None and kept.seen_at is None:
        await storage.see(transaction, person.reminder_id, person.now)
        seen = [of_hand(person, "seen")]
    await storage.snooze(transaction, person.reminder_id, until)
    said = {"until": rfc3339(until)} | ({"preset": preset} if preset else {})
    await receipts.append(transaction, [*seen, of_hand(person, "snoozed", said)])
    return await _withdrawn(transaction, person, "it was snoozed")


async def acknowledge(transaction: Transaction, person: Person) -> Kept:
    """Note that a reminder was seen and is done with; again changes nothing.

    Raises:
        NotFound: there is none, or it is somebody else's.
        Conflict: it was cancelled.
    """
    kept = await _living(transaction, person)
    if kept.status == "acknowledged":
        return kept
    await storage.acknowledge(transaction, person.reminder_id, person.now)
    reason = "it was acknowledged"
    seen = [] if kept.seen_at else [of_hand(person, "seen")]
    await receipts.append(transaction, [*seen, of_hand(person, "done", {"reason": reason})])
    return await _withdrawn(transaction, person, reason)


async def see(transaction: Transaction, person: Person) -> Kept:
    """Note that a reminder that has fired was seen; again changes nothing.

    Raises:
        NotFound: there is none, or it is somebody else's.
        Conflict: it has not fired yet.
    """
    kept = await storage.lock(transaction, person.user_id, person.reminder_id)
    if kept.fired_at is None:
        raise Conflict("it has not fired yet")
    if kept.seen_at is not None:
        return kept
    await storage.see(transaction, person.reminder_id, person.now)
    await receipts.append(transaction, [of_hand(person, "seen")])
    return await _withdrawn(transaction, person, "it was seen")


async def _living(transaction: Transaction, person: Person) -> Kept:
    """A reminder of the person's, locked, that is not cancelled."""
    kept = await storage.lock(transaction, person.user_id, person.reminder_id)
    if kept.status == "cancelled":
        raise Conflict(kept.reason or "the reminder was cancelled")
    return kept


async def _withdrawn(transaction: Transaction, person: Person, reason: str) -> Kept:
    await deliveries.withdraw(transaction, {person.reminder_id: reason}, person.now)
    return await storage.lock(transaction, person.user_id, person.reminder_id)
