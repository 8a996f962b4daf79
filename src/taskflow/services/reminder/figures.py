"""What the reminder service counts of its deliveries."""

from collections.abc import Collection

from taskflow.base.clock import Clock
from taskflow.chassis.metrics import Metrics
from taskflow.db.engine import Database
from taskflow.services.reminder import deliveries
from taskflow.services.reminder.history import PAGE
from taskflow.services.reminder.lifecycle import Result


class Figures:
    """Counts attempts, and shows what waits.

    Args:
        metrics: Where it is shown.
        kinds: The kinds of channels that there are here, beside the page.
    """

    def __init__(self, metrics: Metrics, kinds: Collection[str]) -> None:
        self._attempts = metrics.counter(
            "taskflow_reminder_deliveries_total",
            "Attempts to tell of reminders, by channel and result; the page's are events that "
            "the bus has carried.",
            ["channel", "result"],
        )
        self._retries = metrics.counter(
            "taskflow_reminder_retries_total",
            "Attempts that failed and are made again by the same channel.",
            ["channel"],
        )
        self._dead = metrics.counter(
            "taskflow_reminder_deliveries_dead_total",
            "Reminders that none of their owner's channels took; the page still shows them.",
            ["channel"],
        )
        self._waiting = metrics.gauge(
            "taskflow_reminder_deliveries_waiting",
            f"Deliveries that are not over; {deliveries.MOST_COUNTED} stands for more, too.",
        )
        self._oldest = metrics.gauge(
            "taskflow_reminder_delivery_oldest_seconds",
            "Seconds since the oldest delivery began that is not over and whose channels could be "
            "reached; 0 where there is none.",
        )
        for kind in (PAGE, *kinds):
            self._attempts.labels(kind, "delivered")
            self._retries.labels(kind)
            self._dead.labels(kind)

    def attempted(self, kind: str, result: Result, times: int = 1) -> None:
        """Count attempts and what came of them."""
        self._attempts.labels(kind, result).inc(times)

    def retried(self, kind: str) -> None:
        """Count an attempt that is made again."""
        self._retries.labels(kind).inc()

    def died(self, kind: str) -> None:
        """Count a delivery that nobody took; the channel is the last that was tried."""
        self._dead.labels(kind).inc()

    async def measure(self, database: Database, clock: Clock) -> None:
        """Look how many wait, and how long."""
        async with database.transaction(read_only=True) as transaction:
            waiting, oldest = await deliveries.waiting(transaction)
        now = clock.now()
        self._waiting.set(waiting)
        self._oldest.set(max((now - (oldest or now)).total_seconds(), 0.0))
