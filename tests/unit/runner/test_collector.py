"""What is kept of traces, and what becomes of spans that nobody takes."""

import sys
import threading
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased
from prometheus_client import CollectorRegistry, Counter
from tests.collector import Collector

from taskflow.base.errors import Invalid
from taskflow.base.settings import Settings
from taskflow.base.spans import NONE, NOTHING, Inside, Kind, below, present, start, traced_by
from taskflow.chassis.metrics import Metrics
from taskflow.runner.collector import BATCH, QUEUE, LinkedRatio, collecting
from taskflow.runner.recording import OtelTracer
from taskflow.runner.traces import COLLECTOR, tracing

SAMPLED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNSAMPLED = SAMPLED[:-2] + "00"


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Wait for what still tries to send: it draws random pauses, which other tests would notice."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
        assert not thread.is_alive(), thread


def keeps(ratio: float, parent: str | None = None, links: tuple[str, ...] = ()) -> bool:
    provider = TracerProvider(sampler=ParentBased(LinkedRatio(ratio)), shutdown_on_exit=False)
    return OtelTracer(provider).start("work", Kind.CLIENT, parent, links, NONE).is_recording


@pytest.mark.parametrize(
    ("ratio", "parent", "links"),
    [
        (1.0, None, ()),
        (0.0, SAMPLED, ()),
        (0.0, None, (UNSAMPLED, SAMPLED)),
        (1.0, "00-0-0-01", ()),
    ],
)
def test_what_is_wanted_by_ratio_by_its_caller_or_by_one_of_its_links_is_kept(
    ratio: float, parent: str | None, links: tuple[str, ...]
) -> None:
    assert keeps(ratio, parent, links)


@pytest.mark.parametrize(
    ("ratio", "parent", "links"),
    [
        (0.0, None, ()),
        (1.0, UNSAMPLED, ()),
        (1.0, None, (UNSAMPLED,)),
        (0.0, "nonsense", ()),
    ],
)
def test_what_is_not_wanted_is_not_kept_whatever_the_ratio(
    ratio: float, parent: str | None, links: tuple[str, ...]
) -> None:
    assert not keeps(ratio, parent, links)


def test_a_span_that_is_not_kept_still_tells_others_that_it_is_not() -> None:
    provider = TracerProvider(sampler=ParentBased(LinkedRatio(0)), shutdown_on_exit=False)
    told = OtelTracer(provider).start("work", Kind.SERVER, None, (), NONE).traceparent
    assert told.endswith("-00")
    assert len(told) == len(SAMPLED)


def test_nothing_is_present_and_nothing_is_made_where_nobody_traces() -> None:
    assert start("work", parent=SAMPLED) is NOTHING
    with below("work") as span:
        assert (span, present()) == (NOTHING, NOTHING)


def test_no_part_of_what_is_not_recorded_is_a_span() -> None:
    provider = TracerProvider(sampler=ParentBased(LinkedRatio(0)), shutdown_on_exit=False)
    with traced_by(OtelTracer(provider)), Inside(start("work")), below("part") as span:
        assert span is NOTHING


def test_spans_beyond_what_may_wait_are_dropped_and_counted_and_nobody_waits() -> None:
    counter = Counter("spans", "Spans.", ["outcome"], registry=CollectorRegistry())
    ended = 2 * QUEUE
    with Collector(hangs=True) as collector:
        with collecting(collector.url, 1.0, "test", counter):
            start("first").end()
            collector.until_called()
            for _ in range(ended - 1):
                start("work").end()
            dropped = counter.labels("dropped")._value.get()
            # Each of them, and one that is on its way, may have made room for a batch.
            taken = (collector.calls + 1) * BATCH
        assert collector.everything == b""
    assert ended - QUEUE - taken <= dropped <= ended - QUEUE


def test_what_waits_is_sent_at_the_end() -> None:
    counter = Counter("spans", "Spans.", ["outcome"], registry=CollectorRegistry())
    with Collector() as collector:
        with collecting(collector.url + "/", 1.0, "test", counter):
            start("work").end()
        assert [one.name for one in collector.until(lambda spans: len(spans) == 1)] == ["work"]
    assert counter.labels("exported")._value.get() == 1


def test_a_collector_without_the_packages_for_it_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.context", None)
    monkeypatch.delitem(sys.modules, COLLECTOR)
    settings = Settings.load({"otlp_endpoint": "http://127.0.0.1:4318"})
    with pytest.raises(Invalid, match=r"pip install 'taskflow\[otel\]'"):
        tracing(settings, "test", Metrics("test"))


@pytest.mark.parametrize("address", ["127.0.0.1:4318", "grpc://collector:4317", "https://"])
def test_an_address_that_is_none_of_otlp_over_http_is_refused(address: str) -> None:
    with pytest.raises(Invalid, match="TASKFLOW_OTLP_ENDPOINT"):
        Settings.load({"otlp_endpoint": address})
