"""The spans of a consumer against PostgreSQL, as OpenTelemetry makes them."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
from msgspec.structs import replace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from tests.fresh import fresh_database
from tests.integration.test_consumer import ACTOR, NOW, Service

from taskflow.base.spans import traced_by
from taskflow.bus.ports import Verdict
from taskflow.events.envelope import decode
from taskflow.outbox import tables
from taskflow.runner.recording import OtelTracer
from taskflow.tasks import commands

PROCESS = "process taskflow.tasks.created"
CAUSE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with traced_by(OtelTracer(provider)):
        yield exporter


@pytest.fixture
async def service(dsn: str) -> AsyncIterator[Service]:
    async with fresh_database(dsn) as database:
        yield Service(database)


def handled(exporter: InMemorySpanExporter) -> list[ReadableSpan]:
    return [one for one in exporter.get_finished_spans() if one.name == PROCESS]


async def test_all_attempts_at_an_event_are_one_span_and_each_retry_is_noted_on_it(
    service: Service, exporter: InMemorySpanExporter
) -> None:
    service.fails = True
    assert [(await service.deliver()).verdict for _ in range(2)] == [Verdict.RETRY] * 2
    assert handled(exporter) == []
    service.fails = False
    assert (await service.deliver()).verdict is Verdict.DONE
    (span,) = handled(exporter)
    noted = [(event.name, dict(event.attributes or {})) for event in span.events]
    assert noted == [("retry", {"error.type": "ZeroDivisionError"})] * 2
    assert span.status.status_code is StatusCode.UNSET


async def test_an_event_that_is_set_aside_ends_as_a_failure(
    service: Service, exporter: InMemorySpanExporter
) -> None:
    service.fails = True
    await service.deliver()
    await service.set_aside()
    (span,) = handled(exporter)
    assert [event.name for event in span.events] == ["retry", "set aside"]
    assert span.status.status_code is StatusCode.ERROR


async def test_a_process_that_ends_takes_leave_of_what_it_was_at(
    service: Service, exporter: InMemorySpanExporter
) -> None:
    service.fails = True
    await service.deliver()
    service._consumer.stop()
    assert len(handled(exporter)) == 1


async def test_without_a_collector_an_event_carries_what_the_caller_brought(
    service: Service,
) -> None:
    assert await _told(service) == CAUSE


async def test_with_a_collector_an_event_carries_the_span_that_created_it(
    service: Service, exporter: InMemorySpanExporter
) -> None:
    told = await _told(service)
    (span,) = (one for one in exporter.get_finished_spans() if one.name.startswith("create"))
    context = span.get_span_context()
    assert context is not None
    assert told == f"00-{context.trace_id:032x}-{context.span_id:016x}-01"
    assert told.split("-")[1] == CAUSE.split("-")[1]


async def _told(service: Service) -> str:
    """The context that the event of a new task carries."""
    actor = replace(ACTOR, traceparent=CAUSE)
    async with service.database.transaction() as transaction:
        await commands.create(transaction, actor, {"title": "Water"}, NOW)
    async with service.database.transaction(read_only=True) as transaction:
        message = (await tables.read_heads(transaction, "/taskflow/task-api", range(8), 10))[0]
    envelope = decode(message.body)
    assert envelope.traceid == envelope.traceparent
    return str(envelope.traceparent)


def test_what_is_off_is_not_imported() -> None:
    program = (
        "import sys, taskflow.cli.app, taskflow.runner.hosting;"
        "from taskflow.runner.processes import MODULES, load;"
        "[load(name) for name in MODULES];"
        "print([one for one in sys.modules if one.startswith(('opentelemetry', 'google'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
