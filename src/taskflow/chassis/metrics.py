"""Metrics (prometheus-client): one registry a service; the process's own stand at its first.

A scrape never fails and never waits long: what cannot be read now keeps its last value.
"""

import asyncio
import platform
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from taskflow.base.breaker import STATES, Breaker
from taskflow.base.clock import monotonic
from taskflow.base.errors import Unavailable

FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
# Longer than readiness asks (2 s), shorter than Prometheus waits (10 s).
REFRESH_SECONDS: Final = 5.0
# Anybody may scrape, and however often it is done costs the database no more than this.
FRESH_SECONDS: Final = 1.0
UNAUTHENTICATED: Final = 401
TOO_MANY: Final = 429

log = structlog.get_logger()
Refresh = Callable[[], Awaitable[None]]


class Metrics:
    """What one service counts; `service` is a label of everything shared.

    Args:
        service: The service's name.
    """

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self.service = service
        self._refreshers: list[Refresh] = []
        self._refreshing = asyncio.Lock()
        self._refreshed_at: float | None = None
        self._build()
        self._count_requests()
        self._count_events()

    def of_process(self) -> None:
        """Show the process's memory, CPU and files; at one service of each process alone."""
        ProcessCollector(registry=self.registry)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request; `route` is the path's template, never the path."""
        self._requests.labels(self.service, method, route, str(status)).inc()
        self._latency.labels(self.service, method, route).observe(seconds)
        if status == UNAUTHENTICATED:
            self._refused.labels(self.service, route).inc()
        elif status == TOO_MANY:
            self._limited.labels(self.service, route).inc()

    def replayed(self) -> None:
        """Count a write that was sent again with its key, and answered as before."""
        self._replays.labels(self.service).inc()

    def event_age(self, stage: str, consumer: str, seconds: float) -> None:
        """Note how old an event was at a stage: published, handled, sent."""
        self._ages.labels(stage, consumer).observe(max(seconds, 0.0))

    def duplicate(self, consumer: str) -> None:
        """Count a redelivery."""
        self._duplicates.labels(consumer).inc()

    def dead_lettered(self, consumer: str) -> None:
        """Count an event that was set aside."""
        self._dead.labels(consumer).inc()

    def circuit(self, name: str, breaker: Breaker) -> None:
        """Show the state of a circuit breaker."""
        self._circuits.labels(name).set_function(lambda: STATES.index(breaker.state(monotonic())))

    def counter(self, name: str, text: str, labels: Iterable[str] = ()) -> Counter:
        """A counter of the service's own."""
        return Counter(name, text, tuple(labels), registry=self.registry)

    def counted(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A counter that somebody else keeps, read when it is asked for."""
        self.registry.register(_Counted(name, text, read))

    def gauge(self, name: str, text: str, labels: Iterable[str] = ()) -> Gauge:
        """A gauge of the service's own."""
        return Gauge(name, text, tuple(labels), registry=self.registry)

    def histogram(
        self, name: str, text: str, labels: Iterable[str] = (), buckets: Sequence[float] = FAST
    ) -> Histogram:
        """A histogram of the service's own, in seconds unless it has other buckets."""
        return Histogram(name, text, tuple(labels), buckets=buckets, registry=self.registry)

    def on_scrape(self, refresh: Refresh) -> None:
        """Have figures brought up to date whenever they are asked for."""
        self._refreshers.append(refresh)

    async def exposition(self) -> bytes:
        """Everything in Prometheus's text format; what cannot be read now keeps its last value."""
        async with self._refreshing:
            known_at = self._refreshed_at
            if known_at is None or monotonic() - known_at >= FRESH_SECONDS:
                await self._refresh()
                self._refreshed_at = monotonic()
        return generate_latest(self.registry)

    async def _refresh(self) -> None:
        """Ask everybody at once, each with an end."""
        calls = (_bounded(refresh) for refresh in self._refreshers)
        for failure in await asyncio.gather(*calls, return_exceptions=True):
            if failure is not None and not isinstance(failure, Unavailable | TimeoutError):
                log.warning("metrics.not_read", service=self.service, exc_info=failure)

    def _build(self) -> None:
        text = "Always 1; the labels say which TaskFlow and which Python run."
        info = self.gauge("taskflow_build_info", text, ["service", "version", "python"])
        info.labels(self.service, version("taskflow"), platform.python_version()).set(1)
        self._circuits = self.gauge(
            "taskflow_breaker_state",
            "State of a circuit breaker: 0 closed (all is well), 1 half-open, 2 open (no calls).",
            ["circuit"],
        )

    def _count_requests(self) -> None:
        self._requests = self.counter(
            "taskflow_http_requests_total",
            "Requests answered, by the template of their path and the status.",
            ["service", "method", "route", "status"],
        )
        self._latency = self.histogram(
            "taskflow_http_request_duration_seconds",
            "Seconds from a request's arrival to the start of its answer.",
            ["service", "method", "route"],
        )
        self._refused = self.counter(
            "taskflow_auth_failures_total",
            "Requests refused since nobody valid made them: wrong passwords, old or no tokens.",
            ["service", "route"],
        )
        self._limited = self.counter(
            "taskflow_rate_limited_total",
            "Requests refused since there were too many from one account or address.",
            ["service", "route"],
        )

        self._replays = self.counter(
            "taskflow_idempotent_replays_total",
            "Writes that came again with their Idempotency-Key: answered as before, done once.",
            ["service"],
        )

    def _count_events(self) -> None:
        self._ages = self.histogram(
            "taskflow_event_age_seconds",
            "Seconds from an event to a stage of its way: published, handled by a consumer, sent "
            "to an open page (but for what the limit of a stream held back).",
            ["stage", "consumer"],
        )
        self._duplicates = self.counter(
            "taskflow_events_duplicate_total",
            "Deliveries of an event that had been handled before; they change nothing.",
            ["consumer"],
        )
        self._dead = self.counter(
            "taskflow_dead_letters_total",
            "Events that a consumer could not handle and set aside, since the process started.",
            ["consumer"],
        )


class _Counted(Collector):
    """A counter that is read, not kept."""

    def __init__(self, name: str, text: str, read: Callable[[], float]) -> None:
        self._name, self._text, self._read = name, text, read

    def collect(self) -> Iterator[CounterMetricFamily]:
        """The counter as it stands."""
        yield CounterMetricFamily(self._name, self._text, value=self._read())


async def _bounded(refresh: Refresh) -> None:
    async with asyncio.timeout(REFRESH_SECONDS):
        await refresh()
