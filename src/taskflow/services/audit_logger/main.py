"""The audit logger (port 8004): an immutable trail of every event."""

from functools import partial
from typing import Final

from taskflow.chassis.handlers import Batches
from taskflow.chassis.service import Context, Parts, Service
from taskflow.services.audit_logger.event_consumer import Recorder
from taskflow.services.audit_logger.gaps import Gaps, watch
from taskflow.services.audit_logger.partitions import keep_ahead
from taskflow.services.audit_logger.routes import ROUTES

BATCH_SIZE: Final = 100
LINGER_SECONDS: Final = 1.0


def build(context: Context) -> Parts:
    """The parts of the audit logger."""
    gaps = Gaps()
    missing = context.metrics.gauge(
        "taskflow_version_gaps",
        "Versions of tasks that are missing in the audit trail a minute after the next one came.",
    )
    missing.set_function(lambda: len(gaps))
    return Parts(
        routes=ROUTES,
        batches=Batches(
            handle=Recorder(context.metrics, gaps).record,
            size=BATCH_SIZE,
            linger_seconds=LINGER_SECONDS,
            is_idempotent=True,
        ),
        loops=[
            partial(keep_ahead, context.database, context.clock),
            partial(watch, context.database, gaps),
        ],
    )


service = Service(
    name="audit-logger",
    title="Audit Logger",
    port_offset=4,
    role="taskflow_audit",
    prefixes=("/api/v1/audit",),
    build=build,
)
