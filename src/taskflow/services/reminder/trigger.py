"""Fires what is due: the mark, the receipts, the deliveries and the events in one transaction."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from taskflow.accounts.queries import PREFERENCES_CHANGED, Preferences, preferences_of_all
from taskflow.base.ids import derived_id
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Digest
from taskflow.services.reminder import deliveries, due, receipts
from taskflow.services.reminder.catch_up import (
    MISSED,
    Due,
    Fired,
    firings,
    is_missed,
    joined,
    postponed,
)
from taskflow.services.reminder.channels import storage as channels
from taskflow.services.reminder.due import Joining
from taskflow.services.reminder.history import Entry, of_firing, of_postponing
from taskflow.services.reminder.lifecycle import Way
from taskflow.services.reminder.ports import Times
from taskflow.services.reminder.quiet import comes_at, quiet_until
from taskflow.services.reminder.telling import tell
from taskflow.tasks.zones import parse_zone

# A digest whose last reminders have not come in so long is sent as it is.
DIGEST_PATIENCE: Final = timedelta(minutes=1)
# Between the last chance to join a digest and its sending.
DIGEST_PAUSE: Final = timedelta(seconds=5)


class Terms(NamedTuple):
    """How people are told.

    Attributes:
        kinds: The kinds of channels that there are here, beside the page.
        digest_above: From how many missed ones on, and not before, they become a digest.
    """

    kinds: Collection[str] = ()
    digest_above: int = 5


class Triggered(NamedTuple):
    """What became of what was due.

    Attributes:
        fired: What fired, the earliest first.
        times: When what did not fire for good is due again.
    """

    fired: Sequence[Fired]
    times: Times

    @property
    def is_anything(self) -> bool:
        """Whether there was anything at all."""
        return bool(self.fired or self.times)


async def trigger(
    transaction: Transaction,
    now: datetime,
    limit: int,
    ids: Collection[UUID] | None,
    terms: Terms,
) -> Triggered:
    """Fire what is due, or let it wait for the end of its owner's quiet hours.

    Args:
        transaction: All of it is in this one.
        now: The time.
        limit: So many at most.
        ids: Only of these; None for any.
        terms: How people are told.
    """
    found = await due.lock(transaction, now, limit, ids)
    if not found:
        return Triggered((), {})
    people = await preferences_of_all(transaction, {one.user_id for one in found})
    waiting = await _waiting(transaction, found, people, now)
    muted = {one for one, wanted in people.items() if wanted.notifications.level == "none"}
    fired = firings([one for one in found if one.id not in waiting], muted, now)
    history = await _postpone(transaction, found, waiting, people, now)
    digests, ready_at = await _digests(transaction, fired, now, terms.digest_above)
    fired = joined(fired, digests, now)
    await due.mark(transaction, fired, now)
    history += [of_firing(one, now) for one in fired]
    await receipts.append(transaction, history)
    await _begin_deliveries(transaction, fired, ready_at, now, terms.kinds)
    await tell(transaction, fired, now)
    again = {one.due.id: one.following.at for one in fired if one.following}
    return Triggered(fired, {**waiting, **again})


async def _waiting(
    transaction: Transaction,
    found: Sequence[Due],
    people: Mapping[UUID, Preferences],
    now: datetime,
) -> Times:
    """Until when each of these waits that falls into its owner's quiet hours.

    Its task may have been made urgent after it was read here and before it was locked.
    """
    waiting = postponed(found, _quiet(people, now), now)
    if not waiting:
        return waiting
    held = {one.id: one.task_id for one in found if one.id in waiting}
    urgent = await due.urgent(transaction, set(held.values()))
    return {one: until for one, until in waiting.items() if held[one] not in urgent}


def _quiet(people: Mapping[UUID, Preferences], now: datetime) -> dict[UUID, datetime | None]:
    return {
        user_id: quiet_until(wanted.notifications, parse_zone(wanted.timezone), now)
        if wanted.notifications.quiet_hours
        else None
        for user_id, wanted in people.items()
    }


async def _postpone(
    transaction: Transaction,
    found: Sequence[Due],
    waiting: Mapping[UUID, datetime],
    people: Mapping[UUID, Preferences],
    now: datetime,
) -> list[Entry]:
    """Let these wait; returns what their timelines say of it.

    Their owners may have changed quiet hours since these were read: whoever follows such changes
    could not see yet that anything waits, and is told to look once it can be seen.
    """
    held = [one for one in found if one.id in waiting]
    if not held:
        return []
    missed = _missed([one for one in held if is_missed(one, now)], people, now)
    await due.postpone(transaction, waiting, missed)
    await transaction.tell(PREFERENCES_CHANGED, *{str(one.user_id) for one in held})
    return [of_postponing(one, now, waiting[one.id], missed.get(one.id)) for one in held]


def _missed(
    late: Sequence[Due], people: Mapping[UUID, Preferences], now: datetime
) -> dict[UUID, datetime]:
    """When each should have come that is late for another reason than its owner's quiet hours."""
    found = {}
    for one in late:
        wanted = people[one.user_id]
        at = comes_at(wanted.notifications, parse_zone(wanted.timezone), one.fire_at)
        if now - at > MISSED:
            found[one.id] = at
    return found


async def _digests(
    transaction: Transaction, fired: Sequence[Fired], now: datetime, above: int
) -> tuple[dict[UUID, Digest], dict[UUID, datetime]]:
    """The digest of each who missed many, and when it is to go out."""
    late = [one.due for one in fired if is_missed(one.due, now)]
    if not late:
        return {}, {}
    sizes = Counter(one.user_id for one in late)
    most = above + len(fired) + 1
    known = await due.missed(transaction, sorted(sizes), now, now - MISSED, most)
    joining: dict[UUID, Joining] = {}
    for one in late:
        user_id, missed = one.user_id, known[one.user_id]
        if user_id not in joining and (missed.number > above or missed.is_open):
            new = derived_id(one.id, f"digest {one.fire_at.isoformat()}", now)
            joining[user_id] = Joining(new, sizes[user_id], missed.number)
    if not joining:
        return {}, {}
    until = now + DIGEST_PATIENCE
    digests = await due.join_digests(transaction, joining, now, until)
    # Counted again: whoever joined the same one before has committed since.
    left = await due.missed(transaction, sorted(joining), now, now - MISSED, most)
    whole = [one.id for user, one in digests.items() if left[user].number <= joining[user].size]
    await due.close_digests(transaction, whole)
    ready_at = dict.fromkeys((one.id for one in digests.values()), until + DIGEST_PAUSE)
    return digests, ready_at | dict.fromkeys(whole, now)


async def _begin_deliveries(
    transaction: Transaction,
    fired: Sequence[Fired],
    ready_at: Mapping[UUID, datetime],
    now: datetime,
    kinds: Collection[str],
) -> None:
    """Have each told by its owner's most preferred channel, if they have one."""
    users = {one.due.user_id for one in fired if not one.is_muted}
    if not kinds or not users:
        return
    known = await channels.preferred(transaction, users)
    ways = {
        user_id: next((Way(one.id, one.kind) for one in found if one.kind in kinds), None)
        for user_id, found in known.items()
    }
    begun = []
    for one in fired:
        way = None if one.is_muted else ways[one.due.user_id]
        if way is not None:
            name = one.digest.id if one.digest else one.event_id
            begun.append(deliveries.Begun(name, one, way, ready_at.get(name, now)))
    await deliveries.begin(transaction, begun, now)
