"""The notification service (port 8003): the list and the live stream."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from taskflow.base.errors import Unavailable
from taskflow.chassis.service import Context, Parts, Service
from taskflow.events.topics import ALL_TYPES
from taskflow.services.notification import storage
from taskflow.services.notification.backlog import TableBacklog
from taskflow.services.notification.event_consumer import Notifier
from taskflow.services.notification.hub import Hub
from taskflow.services.notification.routes import ROUTES
from taskflow.services.notification.sse_handler import Desk, make_stream

PRUNE_SECONDS: Final = 3600.0
PRUNED_AT_ONCE: Final = 1_000

log = structlog.get_logger()


def build(context: Context) -> Parts:
    """The parts of the notification service."""
    settings = context.settings
    backlog = TableBacklog(context.database)
    hub = Hub(settings, backlog)
    streams = context.metrics.gauge("taskflow_streams_open", "Streams that are open.")
    streams.set_function(lambda: hub.streams)
    desk = Desk(
        hub=hub,
        backlog=backlog,
        database=context.database,
        clock=context.clock,
        per_second=settings.stream_per_second,
        stale_seconds=settings.stream_stale_seconds,
    )
    return Parts(
        routes=[*ROUTES, make_stream(desk)],
        handlers=dict.fromkeys(ALL_TYPES, Notifier(hub, context.clock).tell),
        loops=[
            hub.run,
            partial(hub.end_lapsed, context.authenticator),
            partial(_keep_house, context),
        ],
        on_stop=hub.stop,
    )


async def _keep_house(context: Context) -> None:
    """Forget what is older than the retention, now and then, until cancelled."""
    while True:
        try:
            await forget_old(context)
        except Unavailable as error:
            log.warning("prune.waiting", reason=error.detail)
        await asyncio.sleep(PRUNE_SECONDS)


async def forget_old(context: Context, at_once: int = PRUNED_AT_ONCE) -> None:
    """Forget what is older than the retention, in transactions of a bounded size.

    Raises:
        Unavailable: the database is away.
    """
    now = context.clock.now()
    before = now - timedelta(days=context.settings.notification_retention_days)
    async with context.database.transaction() as transaction:
        await storage.prune_tickets(transaction, now)
    pruned = at_once
    while pruned >= at_once:
        async with context.database.transaction() as transaction:
            pruned = await storage.prune(transaction, before, at_once)


service = Service(
    name="notification",
    title="Notification Service",
    port_offset=3,
    role="taskflow_notifications",
    prefixes=("/api/v1/notifications",),
    build=build,
)
