"""The recurring processor (port 8001): the next instance of what recurs."""

from taskflow.chassis.service import Context, Parts, Service
from taskflow.events.topics import TASK_TYPES
from taskflow.services.recurring_processor.event_consumer import Continuation
from taskflow.services.recurring_processor.routes import ROUTES


def build(context: Context) -> Parts:
    """The parts of the recurring processor."""
    made = context.metrics.counter("taskflow_recurring_instances", "Instances made.")
    continuation = Continuation(context.clock, made)
    return Parts(routes=ROUTES, handlers=dict.fromkeys(TASK_TYPES, continuation.follow))


service = Service(
    name="recurring-processor",
    title="Recurring Processor",
    port_offset=1,
    role="taskflow_recurring",
    prefixes=("/api/v1/recurring",),
    build=build,
)
