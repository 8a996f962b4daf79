"""The reminder service (port 8002): plans reminders, fires them and sees that people get them."""

from asyncio import TaskGroup
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from taskflow.base.networks import parse_networks
from taskflow.chassis.handlers import Batches
from taskflow.chassis.housekeeping import Chore, keep_house
from taskflow.chassis.metrics import FAST
from taskflow.chassis.service import Context, Loop, Parts, Service
from taskflow.db.transaction import Transaction
from taskflow.events.envelope import REMINDER_SOURCE
from taskflow.services.reminder import deliveries, pruning, storage
from taskflow.services.reminder.channels.kinds import Channels, channels_of
from taskflow.services.reminder.channels.port import Channel
from taskflow.services.reminder.channels.registry import Registry
from taskflow.services.reminder.channels_routes import CHANNEL_ROUTES
from taskflow.services.reminder.courier import Courier
from taskflow.services.reminder.delivery_routes import DELIVERY_ROUTES
from taskflow.services.reminder.event_consumer import Planner
from taskflow.services.reminder.figures import Figures
from taskflow.services.reminder.firing import LOOK_SECONDS, SHARED_LOOK_SECONDS, Firing
from taskflow.services.reminder.history import PAGE
from taskflow.services.reminder.ports import Schedule
from taskflow.services.reminder.postponements import Postponements
from taskflow.services.reminder.pruning import KEEP_DELIVERIES
from taskflow.services.reminder.routes import ROUTES
from taskflow.services.reminder.schedule_memory import MemorySchedule
from taskflow.services.reminder.settling import Terms as Carrying
from taskflow.services.reminder.trigger import Terms

if TYPE_CHECKING:
    from taskflow.services.reminder.schedule_redis import RedisSchedule

# The bounds of what is promised (50 ms, 250 ms, 1 s, a minute), and beyond: what an outage delays.
LATENESS: Final = (*FAST, 900, 3_600, 21_600, 86_400)


def build(context: Context) -> Parts:
    """The parts of the reminder service."""
    channels = channels_of(context)
    allowed = parse_networks(context.settings.outbound_allowed_networks)
    registry = Registry(context.database, channels, context.clock, allowed)
    parts = build_with(context, channels)
    return replace(
        parts,
        routes=[*parts.routes, *CHANNEL_ROUTES, *DELIVERY_ROUTES],
        dependencies={**parts.dependencies, "registry": registry},
        on_stop=partial(_leave, parts.on_stop, channels),
    )


def build_with(context: Context, channels: Mapping[str, Channel]) -> Parts:
    """The parts of the reminder service.

    Args:
        context: What it is made of.
        channels: What carries reminders beside the page, by kind.
    """
    shared = _shared_schedule(context)
    schedule = shared or MemorySchedule.over(context.database, context.clock)
    figures = Figures(context.metrics, channels)
    _show(context, figures)
    planner = Planner(schedule, context.clock, partial(figures.attempted, PAGE, "delivered"))
    firing = _firing(context, schedule, channels, is_shared=shared is not None)
    couriers = _couriers(context, channels, figures)
    return Parts(
        routes=ROUTES,
        dependencies={"schedule": schedule},
        batches=Batches(handle=planner.follow, forget=storage.forget_user),
        loops=[
            firing.run,
            Postponements(context.database, schedule, context.clock).run,
            partial(keep_house, context.database, context.clock, _chores(context)),
            *(one.run for one in couriers),
            *([shared.run] if shared else []),
        ],
        optional_checks={"redis": shared.client.check} if shared else {},
        breakers={"redis": shared.client.breaker} if shared else {},
        on_stop=partial(_stop, couriers),
    )


def _firing(
    context: Context, schedule: Schedule, channels: Mapping[str, Channel], *, is_shared: bool
) -> Firing:
    lateness = context.metrics.histogram(
        "taskflow_reminder_lateness_seconds",
        "Seconds from a reminder's time until its event was committed.",
        buckets=LATENESS,
    )
    return Firing(
        context.database,
        schedule,
        context.clock,
        lateness,
        look_seconds=SHARED_LOOK_SECONDS if is_shared else LOOK_SECONDS,
        terms=Terms(frozenset(channels), context.settings.reminder_digest_above),
    )


def _couriers(context: Context, channels: Mapping[str, Channel], figures: Figures) -> list[Courier]:
    """One for each kind of channel; none of them is asked whether the service is ready."""
    terms = Carrying(frozenset(channels))
    return [
        Courier(channel, context.database, context.clock, figures, terms)
        for channel in channels.values()
    ]


async def _stop(couriers: Sequence[Courier]) -> None:
    """Stop them all at once."""
    async with TaskGroup() as group:
        for one in couriers:
            group.create_task(one.stop())


async def _leave(stop: Loop | None, channels: Channels) -> None:
    """Send nothing more, then end the channels' connections."""
    if stop is not None:
        await stop()
    await channels.close()


def _chores(context: Context) -> list[Chore]:
    """What is forgotten after a time: deliveries first, for they are looked up the shortest."""
    keep_reminders = timedelta(days=context.settings.reminder_history_days)

    async def forget_deliveries(transaction: Transaction, now: datetime, limit: int) -> int:
        return await deliveries.prune(transaction, now - KEEP_DELIVERIES, limit)

    async def forget_reminders(transaction: Transaction, now: datetime, limit: int) -> int:
        return await pruning.prune(transaction, now - keep_reminders, limit)

    return [forget_deliveries, forget_reminders]


def _show(context: Context, figures: Figures) -> None:
    """Show how many reminders wait, and whether one of them should have fired."""
    pending = context.metrics.gauge(
        "taskflow_reminders_pending", "Reminders yet to fire; beyond 10,000 an estimate."
    )
    overdue = context.metrics.gauge(
        "taskflow_reminder_overdue_seconds",
        "Seconds that the earliest pending reminder is past its time; 0 where none is.",
    )

    async def measure() -> None:
        async with context.database.transaction(read_only=True) as transaction:
            pending.set(await storage.pending(transaction))
            following = await storage.next_time(transaction)
        now = context.clock.now()
        overdue.set(max((now - (following or now)).total_seconds(), 0.0))

    context.metrics.on_scrape(measure)
    context.metrics.on_scrape(partial(figures.measure, context.database, context.clock))


def _shared_schedule(context: Context) -> "RedisSchedule | None":
    """The one of all replicas, where there is a Redis; nothing else imports its client."""
    if context.settings.redis_url is None:
        return None
    module = import_module("taskflow.services.reminder.schedule_redis")
    shared: RedisSchedule = module.RedisSchedule.of(context)
    return shared


service = Service(
    name="reminder",
    title="Reminder Service",
    port_offset=2,
    role="taskflow_reminders",
    prefixes=("/api/v1/reminders",),
    build=build,
    publishes=REMINDER_SOURCE,
)
