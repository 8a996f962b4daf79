"""The recurring processor (port 8001): the next instance of what recurs."""

from collections.abc import Sequence
from uuid import UUID

from prometheus_client import Counter

from taskflow.base.clock import Clock
from taskflow.chassis.handlers import Batches, Delivery
from taskflow.chassis.service import Context, Parts, Service
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskEvent
from taskflow.events.topics import TASK_TYPES
from taskflow.services.recurring_processor import storage
from taskflow.services.recurring_processor.event_consumer import Continuation, is_of_series
from taskflow.services.recurring_processor.habits import routes as habits_routes
from taskflow.services.recurring_processor.habits import storage as habits_storage
from taskflow.services.recurring_processor.habits.consumer import Histories, tells_of_habits
from taskflow.services.recurring_processor.habits.finding import Finding
from taskflow.services.recurring_processor.homing import Homing
from taskflow.services.recurring_processor.materialising import Materialiser
from taskflow.services.recurring_processor.routes import ROUTES
from taskflow.services.recurring_processor.together import AT_ONCE, Together

NAME = "recurring-processor"


def build(context: Context) -> Parts:
    """The parts of the recurring processor."""
    made = context.metrics.counter(
        "taskflow_recurring_instances_total", "Tasks made as the next of their series."
    )
    _show(context)
    return Parts(
        routes=[*ROUTES, *habits_routes.ROUTES],
        batches=taking(context.clock, made),
        loops=[
            Materialiser(context.database, context.clock, made).run,
            Homing(context.database, context.clock).run,
            Finding(context.database, context.clock, NAME).run,
        ],
    )


def taking(clock: Clock, made: Counter) -> Batches:
    """How events are taken.

    Args:
        clock: The time.
        made: Counts instances.
    """
    together, histories = Together(Continuation(clock, made), clock, made), Histories(clock)

    async def handle(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        of_series = [delivery for delivery in deliveries if is_of_series(delivery.event)]
        await together.follow(transaction, of_series)
        await histories.follow(transaction, [delivery.event for delivery in deliveries])

    return Batches(
        handle=handle,
        event_types=TASK_TYPES,
        size=AT_ONCE,
        concurrency=4,
        concerns=_concerns,
        forget=forget_user,
    )


async def forget_user(transaction: Transaction, user_id: UUID, limit: int) -> int:
    """Remove so much of what is kept of a user; returns how many rows."""
    removed = await habits_storage.forget_user(transaction, user_id, limit)
    if removed < limit:
        removed += await storage.forget_user(transaction, user_id, limit - removed)
    return removed


def _concerns(event: TaskEvent) -> bool:
    return is_of_series(event) or tells_of_habits(event)


def _show(context: Context) -> None:
    """Show how many series go on."""
    active = context.metrics.gauge(
        "taskflow_recurring_series_active",
        "Series that go on, so that a next task is to come; 100,000 stands for more, too.",
    )

    async def measure() -> None:
        async with context.database.transaction(read_only=True) as transaction:
            active.set(await storage.count_active(transaction))

    context.metrics.on_scrape(measure)


service = Service(
    name=NAME,
    title="Recurring Processor",
    port_offset=1,
    role="taskflow_recurring",
    prefixes=("/api/v1/recurring",),
    build=build,
)
