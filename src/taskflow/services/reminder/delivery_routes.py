"""The doors to what a channel was given."""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from litestar import get, post
from msgspec import Struct

from taskflow.accounts.model import Identity
from taskflow.base.clock import Clock
from taskflow.base.errors import Conflict, TooMany
from taskflow.chassis.inputs import Cursor, Limit
from taskflow.db.engine import Database
from taskflow.services.reminder import delivery_log
from taskflow.services.reminder.channels import storage as channels
from taskflow.services.reminder.channels.registry import Registry
from taskflow.services.reminder.lifecycle import Result


class DeliveryAttempt(Struct):
    """One attempt; `state` is where its delivery stands now, whichever channel has it.

    `attempt` counts those by this channel. A delivery's id stands in each of its messages.
    """

    delivery_id: UUID
    kind: Literal["reminder", "digest"]
    task_id: UUID | None
    state: Literal["waiting", "claimed", "delivered", "dead", "stopped"]
    attempt: int
    at: datetime
    result: Result
    detail: str
    latency_ms: int | None
    next_at: datetime | None


class DeliveryPage(Struct):
    """Some attempts, the newest first, and the cursor of the next ones."""

    items: list[DeliveryAttempt]
    next_cursor: str | None


class Redelivery(Struct):
    """What is to be sent once more."""

    delivery_id: UUID
    state: Literal["waiting"]


@get("/reminders/channels/{channel_id:str}/deliveries", tags=["channels"])
async def list_deliveries(
    channel_id: UUID,
    caller: Identity,
    database: Database,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DeliveryPage:
    """What a channel was given, and what came of each attempt."""
    async with database.transaction(read_only=True) as transaction:
        await channels.find(transaction, caller.user_id, channel_id)
        found, last = await delivery_log.listing(transaction, channel_id, limit, cursor)
    return DeliveryPage([_shown(one) for one in found], last)


@post(
    "/reminders/channels/{channel_id:str}/deliveries/{delivery_id:str}/redeliver",
    status_code=200,
    opt={"raises": (Conflict, TooMany)},
    tags=["channels"],
)
async def redeliver(
    channel_id: UUID,
    delivery_id: UUID,
    caller: Identity,
    database: Database,
    registry: Registry,
    clock: Clock,
) -> Redelivery:
    """Send a delivery by this channel once more, with the same id, even if its task is done."""
    async with database.transaction() as transaction:
        channel = await channels.lock(transaction, caller.user_id, channel_id)
        registry.spend_test(caller.user_id)
        await delivery_log.redeliver(transaction, channel, delivery_id, clock.now())
    return Redelivery(delivery_id, "waiting")


def _shown(one: delivery_log.Attempted) -> DeliveryAttempt:
    known = one._asdict()
    del known["number"]
    return DeliveryAttempt(**known)


DELIVERY_ROUTES: Final = [list_deliveries, redeliver]
