"""Keeps every event, in batches; what was kept before changes nothing."""

from collections.abc import Sequence

from taskflow.chassis.metrics import Metrics
from taskflow.db.transaction import Transaction
from taskflow.events.envelope import Envelope
from taskflow.services.audit_logger import storage


class Recorder:
    """Writes batches and counts them."""

    def __init__(self, metrics: Metrics) -> None:
        self._batches = metrics.counter("taskflow_audit_batches", "Batches written.")
        self._events = metrics.counter(
            "taskflow_audit_events", "Events written for the first time."
        )

    async def record(self, transaction: Transaction, envelopes: Sequence[Envelope]) -> None:
        """Write a batch; the chassis acknowledges it after the commit."""
        new = await storage.insert(transaction, envelopes)
        transaction.after_commit(lambda: self._count(new))

    def _count(self, new: int) -> None:
        self._batches.inc()
        self._events.inc(new)
