"""The notification service (port 8003): the list and the live stream."""

from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from taskflow.base.settings import Settings
from taskflow.chassis.handlers import Batches
from taskflow.chassis.housekeeping import Chore, keep_house
from taskflow.chassis.metrics import Metrics
from taskflow.chassis.service import Context, Parts, Service
from taskflow.db.transaction import Transaction
from taskflow.services.notification import storage
from taskflow.services.notification.backlog import TableBacklog
from taskflow.services.notification.connections import Tally
from taskflow.services.notification.event_consumer import Notifier
from taskflow.services.notification.frames import Note
from taskflow.services.notification.hub import Hub
from taskflow.services.notification.routes import ROUTES
from taskflow.services.notification.sse_handler import Desk, make_stream

if TYPE_CHECKING:
    from taskflow.services.notification.fanout import Fanout


def build(context: Context) -> Parts:
    """The parts of the notification service."""
    settings = context.settings
    backlog = TableBacklog(context.database)
    hub = Hub(settings, backlog, partial(_note_sent, context))
    fanout = _fanout(context, hub)
    tell = fanout.publish if fanout else hub.publish
    tally = Tally()
    _show(context.metrics, hub, tally)
    desk = Desk(
        hub=hub,
        backlog=backlog,
        database=context.database,
        clock=context.clock,
        per_second=settings.stream_per_second,
        stale_seconds=settings.stream_stale_seconds,
        tally=tally,
    )
    return Parts(
        routes=[*ROUTES, make_stream(desk)],
        batches=Batches(handle=Notifier(tell, context.clock).tell, forget=storage.forget_user),
        loops=[
            hub.run,
            partial(hub.end_lapsed, context.authenticator),
            partial(keep_house, context.database, context.clock, _chores(settings)),
            *([fanout.run] if fanout else []),
        ],
        optional_checks={"redis": fanout.client.check} if fanout else {},
        breakers={"redis": fanout.client.breaker} if fanout else {},
        on_stop=hub.stop,
    )


def _note_sent(context: Context, note: Note) -> None:
    age = (context.clock.now() - note.created_at).total_seconds()
    context.metrics.event_age("sent", service.name, age)


def _show(metrics: Metrics, hub: Hub, tally: Tally) -> None:
    """Show what the streams do."""
    streams = metrics.gauge("taskflow_streams_open", "Live streams (open pages) right now.")
    streams.set_function(lambda: hub.streams)
    metrics.counted(
        "taskflow_notes_merged_total",
        "Notes that waited for a stream's limit or a slow client, replaced by a newer one of the "
        "same task; nothing is lost by it.",
        lambda: tally.merged,
    )
    metrics.counted(
        "taskflow_stream_resyncs_total",
        "Streams told to load everything afresh: too far behind, or back after too long.",
        lambda: tally.resyncs,
    )


def _fanout(context: Context, hub: Hub) -> "Fanout | None":
    """Tells other replicas, where there is a Redis; nothing else imports its client."""
    if context.settings.redis_url is None:
        return None
    module = import_module("taskflow.services.notification.fanout")
    fanout: Fanout = module.Fanout.of(context, hub)
    return fanout


def _chores(settings: Settings) -> list[Chore]:
    """Tickets that have expired, and notes that are older than the retention."""
    kept = timedelta(days=settings.notification_retention_days)

    async def forget_notes(transaction: Transaction, now: datetime, limit: int) -> int:
        return await storage.prune(transaction, now - kept, limit)

    return [storage.prune_tickets, forget_notes]


service = Service(
    name="notification",
    title="Notification Service",
    port_offset=3,
    role="taskflow_notifications",
    prefixes=("/api/v1/notifications",),
    build=build,
)
