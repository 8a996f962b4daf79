"""TaskFlow with a pen: it writes down how late each reminder was, which it otherwise only counts.

What it observes for its histogram of lateness is what is written, after the commit, when it ends.
"""

import atexit
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from prometheus_client import Histogram

from taskflow import cli
from taskflow.chassis.metrics import FAST, Metrics

FILE: Final = "BENCHMARK_PEN"
NAME: Final = "taskflow_reminder_lateness_seconds"


class Pen(Histogram):
    """Remembers what it observes."""

    def remember(self) -> list[float]:
        """From now on; returns where it is kept."""
        self._seen: list[float] = []
        return self._seen

    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None:
        """Note how late one was."""
        super().observe(amount, exemplar)
        self._seen.append(amount)


def main() -> None:
    """`taskflow`, with it."""
    make = Metrics.histogram

    def histogram(
        self: Metrics,
        name: str,
        text: str,
        labels: Iterable[str] = (),
        buckets: Sequence[float] = FAST,
    ) -> Histogram:
        if name != NAME:
            return make(self, name, text, labels, buckets)
        pen = Pen(name, text, tuple(labels), buckets=buckets, registry=self.registry)
        seen, path = pen.remember(), Path(os.environ[FILE])
        atexit.register(lambda: path.write_bytes(msgspec.json.encode(seen)))
        return pen

    Metrics.histogram = histogram  # type: ignore[method-assign]
    cli.main()
