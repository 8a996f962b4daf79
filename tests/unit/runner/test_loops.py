"""A loop that fails unforeseen is started again, counted, and takes nothing with it."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry, Counter

from taskflow.runner.loops import keep_running


@pytest.mark.parametrize("failure", [ZeroDivisionError, asyncio.CancelledError, None])
async def test_a_loop_that_breaks_or_ends_is_counted_and_started_again(
    failure: type[BaseException] | None,
) -> None:
    registry, again = CollectorRegistry(), asyncio.Event()
    failures = Counter("failures", "Failures.", ["loop"], registry=registry)
    runs: list[int] = []

    async def loop() -> None:
        runs.append(len(runs))
        if len(runs) == 4:
            again.set()
            await asyncio.Event().wait()
        if failure:
            raise failure

    async with asyncio.TaskGroup() as group:
        kept = group.create_task(keep_running("relay", loop, failures, pause_seconds=0))
        await again.wait()
        kept.cancel()
    assert registry.get_sample_value("failures_total", {"loop": "relay"}) == 3
