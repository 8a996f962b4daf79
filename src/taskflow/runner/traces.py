"""Whether and where this process sends traces."""

from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Final

from taskflow.base.errors import Invalid
from taskflow.base.settings import Settings
from taskflow.chassis.metrics import Metrics

# Imported when it is wanted: its packages are an extra, and cost time and memory.
COLLECTOR: Final = "taskflow.runner.collector"
SPANS: Final = (
    "taskflow_trace_spans_total",
    "Spans by their outcome: exported, failed (the collector refused) or dropped (no room).",
)


def tracing(settings: Settings, name: str, metrics: Metrics) -> AbstractContextManager[None]:
    """Trace this process for the block, where a collector is set.

    Args:
        settings: Name the collector.
        name: What this process is called in traces.
        metrics: Count spans.

    Raises:
        Invalid: what sends traces is not installed.
    """
    if settings.otlp_endpoint is None:
        return nullcontext()
    try:
        collector = import_module(COLLECTOR)
    except ModuleNotFoundError as error:
        raise Invalid.field(
            "TASKFLOW_OTLP_ENDPOINT",
            f"needs the packages of the extra `otel` ({error.name} is missing): "
            "pip install 'taskflow[otel]'",
        ) from error
    counter = metrics.counter(*SPANS, ["outcome"])
    block: AbstractContextManager[None] = collector.collecting(
        settings.otlp_endpoint, settings.trace_ratio, name, counter
    )
    return block
