"""The reminder service (port 8002): plans reminders and fires them."""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from taskflow.chassis.handlers import Batches
from taskflow.chassis.metrics import FAST
from taskflow.chassis.service import Context, Parts, Service
from taskflow.events.envelope import REMINDER_SOURCE
from taskflow.events.topics import TASK_TYPES
from taskflow.services.reminder import storage
from taskflow.services.reminder.event_consumer import Planner
from taskflow.services.reminder.firing import LOOK_SECONDS, SHARED_LOOK_SECONDS, Firing
from taskflow.services.reminder.routes import ROUTES
from taskflow.services.reminder.schedule_memory import MemorySchedule

if TYPE_CHECKING:
    from taskflow.services.reminder.schedule_redis import RedisSchedule

# The bounds of what is promised (50 ms, 250 ms, 1 s, a minute), and beyond: what an outage delays.
LATENESS: Final = (*FAST, 900, 3_600, 21_600, 86_400)


def build(context: Context) -> Parts:
    """The parts of the reminder service."""
    shared = _shared_schedule(context)
    schedule = shared or MemorySchedule.over(context.database, context.clock)
    lateness = context.metrics.histogram(
        "taskflow_reminder_lateness_seconds",
        "Seconds from a reminder's time until its event was committed.",
        buckets=LATENESS,
    )
    _show(context)
    look_seconds = SHARED_LOOK_SECONDS if shared else LOOK_SECONDS
    firing = Firing(context.database, schedule, context.clock, lateness, look_seconds=look_seconds)
    return Parts(
        routes=ROUTES,
        dependencies={"schedule": schedule},
        batches=Batches(
            handle=Planner(schedule).follow, event_types=TASK_TYPES, forget=storage.forget_user
        ),
        loops=[firing.run, shared.run] if shared else [firing.run],
        optional_checks={"redis": shared.client.check} if shared else {},
        breakers={"redis": shared.client.breaker} if shared else {},
    )


def _show(context: Context) -> None:
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
