"""The reminder service (port 8002): plans reminders and fires them."""

from taskflow.chassis.service import Context, Parts, Service
from taskflow.events.envelope import REMINDER_SOURCE
from taskflow.events.topics import TASK_TYPES
from taskflow.services.reminder import storage
from taskflow.services.reminder.event_consumer import Planner
from taskflow.services.reminder.firing import Firing
from taskflow.services.reminder.routes import ROUTES
from taskflow.services.reminder.schedule_memory import MemorySchedule


def build(context: Context) -> Parts:
    """The parts of the reminder service."""
    schedule = MemorySchedule(context.clock)
    lateness = context.metrics.histogram(
        "taskflow_reminder_lateness_seconds", "Seconds from a reminder's time to its firing."
    )
    _show(context)
    return Parts(
        routes=ROUTES,
        dependencies={"schedule": schedule},
        handlers=dict.fromkeys(TASK_TYPES, Planner(schedule).follow),
        loops=[Firing(context.database, schedule, context.clock, lateness).run],
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


service = Service(
    name="reminder",
    title="Reminder Service",
    port_offset=2,
    role="taskflow_reminders",
    prefixes=("/api/v1/reminders",),
    build=build,
    publishes=REMINDER_SOURCE,
)
