"""Which wall a floating task's time is on: its owner's, for every door by which one is written."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from taskflow.accounts.queries import preferences_of, preferences_of_all
from taskflow.base.errors import Invalid
from taskflow.db.transaction import Transaction
from taskflow.tasks import floating
from taskflow.tasks.model import Actor, Task

FLOATING: Final = "floating"


async def zone_of(transaction: Transaction, user_id: UUID) -> str:
    """A user's zone, held until the transaction ends; before any task is locked."""
    return (await zones_of(transaction, [user_id]))[user_id]


async def zones_of(transaction: Transaction, user_ids: Collection[UUID]) -> dict[UUID, str]:
    """The same of many users."""
    await floating.hold_zones(transaction, user_ids)
    found = await preferences_of_all(transaction, user_ids)
    return {user_id: one.timezone for user_id, one in found.items()}


def floats(given: Mapping[str, object]) -> bool:
    """Whether what a person wrote of a task makes it a floating one.

    Raises:
        Invalid: it contradicts itself.
    """
    if given.get("timezone") == FLOATING and given.get("floating", True) is not True:
        raise Invalid.field("floating", f"contradicts the time zone “{FLOATING}”")
    return given.get("timezone") == FLOATING or given.get("floating") is True


def placed(given: Mapping[str, object], zone: str) -> dict[str, object]:
    """What a person wrote, a floating task's zone being its owner's."""
    return {**given, "timezone": zone, "floating": True} if floats(given) else dict(given)


async def at_home(
    transaction: Transaction, user_id: UUID, given: Mapping[str, object]
) -> dict[str, object]:
    """The same, the owner's zone looked up where it is needed."""
    if not floats(given):
        return dict(given)
    return placed(given, await zone_of(transaction, user_id))


async def come_home(transaction: Transaction, actor: Actor, task: Task, now: datetime) -> Task:
    """A task that lives again; a floating one, in the zone that its owner has by now."""
    if not task.floating or task.is_deleted or task.status != "pending":
        return task
    zone = (await preferences_of(transaction, actor.user_id)).timezone
    return await floating.move(transaction, actor, task, zone, now)
