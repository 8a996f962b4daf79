"""Keeps every event, in batches; what was kept before changes nothing."""

from collections.abc import Sequence

from taskflow.base.clock import monotonic
from taskflow.chassis.handlers import Delivery
from taskflow.chassis.metrics import Metrics
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskEvent
from taskflow.services.audit_logger import storage
from taskflow.services.audit_logger.gaps import Gaps


class Recorder:
    """Writes batches and counts them.

    Args:
        metrics: Where they are counted.
        gaps: Told of what was written.
    """

    def __init__(self, metrics: Metrics, gaps: Gaps) -> None:
        self._gaps = gaps
        self._batches = metrics.counter(
            "taskflow_audit_batches_total", "Batches of events written to the audit trail."
        )
        self._events = metrics.counter(
            "taskflow_audit_events_total", "Events written to the trail for the first time."
        )
        self._sizes = metrics.histogram(
            "taskflow_audit_batch_events",
            "Events in one batch; 100 is full.",
            buckets=(1, 2, 5, 10, 20, 50, 100),
        )

    async def record(self, transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        """Write a batch; the chassis acknowledges it after the commit."""
        events = [delivery.event for delivery in deliveries]
        new = await storage.insert(transaction, events)
        transaction.after_commit(lambda: self._count(events, new))

    def _count(self, events: Sequence[TaskEvent], new: int) -> None:
        self._gaps.saw(events, monotonic())
        self._batches.inc()
        self._sizes.observe(len(events))
        self._events.inc(new)
