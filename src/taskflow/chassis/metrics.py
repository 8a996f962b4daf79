"""Metrics (prometheus-client): one registry a service, with the process's own figures."""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest

from taskflow.base.errors import Unavailable

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """What one service counts; `service` is a label of everything shared.

    Args:
        service: The service's name.
    """

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self.service = service
        self._refreshers: list[Callable[[], Awaitable[None]]] = []
        ProcessCollector(registry=self.registry)
        self._requests = self.counter(
            "taskflow_http_requests_total",
            "Requests answered.",
            ["service", "method", "route", "status"],
        )
        self._latency = self.histogram(
            "taskflow_http_request_duration_seconds",
            "Seconds from a request's arrival to the start of its answer.",
            ["service", "method", "route"],
        )
        self._ages = self.histogram(
            "taskflow_event_age_seconds",
            "Seconds from an event's commit to a stage of its way.",
            ["stage", "consumer"],
        )
        self._duplicates = self.counter(
            "taskflow_events_duplicate_total",
            "Deliveries of an event that had been handled before.",
            ["consumer"],
        )
        self._dead = self.counter(
            "taskflow_dead_letters_total",
            "Events set aside since the process started.",
            ["consumer"],
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request; `route` is the path's template, never the path."""
        self._requests.labels(self.service, method, route, str(status)).inc()
        self._latency.labels(self.service, method, route).observe(seconds)

    def event_age(self, stage: str, consumer: str, seconds: float) -> None:
        """Note how old an event was at a stage: published, handled, sent."""
        self._ages.labels(stage, consumer).observe(max(seconds, 0.0))

    def duplicate(self, consumer: str) -> None:
        """Count a redelivery."""
        self._duplicates.labels(consumer).inc()

    def dead_lettered(self, consumer: str) -> None:
        """Count an event that was set aside."""
        self._dead.labels(consumer).inc()

    def counter(self, name: str, text: str, labels: Iterable[str] = ()) -> Counter:
        """A counter of the service's own."""
        return Counter(name, text, tuple(labels), registry=self.registry)

    def gauge(self, name: str, text: str, labels: Iterable[str] = ()) -> Gauge:
        """A gauge of the service's own."""
        return Gauge(name, text, tuple(labels), registry=self.registry)

    def histogram(self, name: str, text: str, labels: Iterable[str] = ()) -> Histogram:
        """A histogram of the service's own, in seconds."""
        return Histogram(name, text, tuple(labels), buckets=FAST, registry=self.registry)

    def on_scrape(self, refresh: Callable[[], Awaitable[None]]) -> None:
        """Have figures brought up to date whenever they are asked for."""
        self._refreshers.append(refresh)

    async def exposition(self) -> bytes:
        """Everything in Prometheus's text format; what cannot be read now keeps its last value."""
        for refresh in self._refreshers:
            with suppress(Unavailable):
                await refresh()
        return generate_latest(self.registry)
