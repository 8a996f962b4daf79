"""The recurring processor (port 8001): the next instance of what recurs."""

from taskflow.chassis.handlers import Batches
from taskflow.chassis.service import Context, Parts, Service
from taskflow.events.topics import TASK_TYPES
from taskflow.services.recurring_processor import storage
from taskflow.services.recurring_processor.event_consumer import Continuation, is_of_series
from taskflow.services.recurring_processor.materialising import Materialiser
from taskflow.services.recurring_processor.routes import ROUTES
from taskflow.services.recurring_processor.together import AT_ONCE, Together


def build(context: Context) -> Parts:
    """The parts of the recurring processor."""
    made = context.metrics.counter(
        "taskflow_recurring_instances_total", "Tasks made as the next of their series."
    )
    continuation = Continuation(context.clock, made)
    together = Together(continuation, context.clock, made)
    materialiser = Materialiser(context.database, context.clock, made)
    _show(context)
    batches = Batches(
        handle=together.follow,
        event_types=TASK_TYPES,
        size=AT_ONCE,
        concurrency=4,
        concerns=is_of_series,
        forget=storage.forget_user,
    )
    return Parts(routes=ROUTES, batches=batches, loops=[materialiser.run])


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
    name="recurring-processor",
    title="Recurring Processor",
    port_offset=1,
    role="taskflow_recurring",
    prefixes=("/api/v1/recurring",),
    build=build,
)
