"""The notification service (port 8003): the list and the live stream."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import structlog

from taskflow.base.errors import Unavailable
from taskflow.chassis.service import Context, Parts, Service
from taskflow.events.topics import ALL_TYPES
from taskflow.services.notification import storage
from taskflow.services.notification.event_consumer import Notifier
from taskflow.services.notification.frames import Note
from taskflow.services.notification.hub import Hub
from taskflow.services.notification.routes import ROUTES
from taskflow.services.notification.sse_handler import make_stream

PRUNE_SECONDS: Final = 3600.0

log = structlog.get_logger()


def build(context: Context) -> Parts:
    """The parts of the notification service."""

    async def read_after(user_id: UUID, number: int) -> list[Note]:
        async with context.database.transaction(read_only=True) as transaction:
            return await storage.after(transaction, user_id, number)

    hub = Hub(context.settings, read_after)
    streams = context.metrics.gauge("taskflow_streams_open", "Streams that are open.")
    streams.set_function(lambda: hub.streams)
    stream = make_stream(hub, context.database, context.clock)
    return Parts(
        routes=[*ROUTES, stream],
        handlers=dict.fromkeys(ALL_TYPES, Notifier(hub).tell),
        loops=[hub.run, partial(_keep_house, context)],
        on_stop=hub.stop,
    )


async def _keep_house(context: Context) -> None:
    """Forget what is older than the retention, now and then, until cancelled."""
    kept = timedelta(days=context.settings.notification_retention_days)
    while True:
        now = context.clock.now()
        try:
            async with context.database.transaction() as transaction:
                await storage.prune(transaction, now - kept, now)
        except Unavailable as error:
            log.warning("prune.waiting", reason=error.detail)
        await asyncio.sleep(PRUNE_SECONDS)


service = Service(
    name="notification",
    title="Notification Service",
    port_offset=3,
    role="taskflow_notifications",
    prefixes=("/api/v1/notifications",),
    build=build,
)
