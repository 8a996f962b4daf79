"""What is scraped: always an answer, never for long, and the database is not asked too often."""

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families

from taskflow.base.breaker import Breaker
from taskflow.base.clock import monotonic
from taskflow.base.errors import Unavailable
from taskflow.chassis import metrics as chassis
from taskflow.chassis.metrics import Metrics


def values(text: bytes) -> dict[str, float]:
    """The samples that have one label at most, by name and label."""
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may take longer than a moment, and nothing is kept."""
    monkeypatch.setattr(chassis, "REFRESH_SECONDS", 0.01)
    monkeypatch.setattr(chassis, "FRESH_SECONDS", 0.0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("failure", [Unavailable("away"), RuntimeError("broken"), None])
async def test_what_cannot_be_read_keeps_its_last_value(failure: Exception | None) -> None:
    metrics = Metrics("ours")
    pending, other = metrics.gauge("pending", "One."), metrics.gauge("other", "Another.")
    answers = [7.0]

    async def measure() -> None:
        if answers:
            pending.set(answers.pop())
        elif failure:
            raise failure
        else:
            await asyncio.Event().wait()

    async def count() -> None:
        other.inc()

    metrics.on_scrape(measure)
    metrics.on_scrape(count)
    for scrapes in (1, 2, 3):
        found = values(await metrics.exposition())
        assert (found["pending"], found["other"]) == (7, scrapes)


async def test_scrapes_at_once_ask_the_database_once() -> None:
    metrics = Metrics("ours")
    asked = metrics.counter("asked", "Questions.")

    async def ask() -> None:
        await asyncio.sleep(0)
        asked.inc()

    metrics.on_scrape(ask)
    texts = await asyncio.gather(*(metrics.exposition() for _ in range(50)))
    assert {values(text)["asked_total"] for text in texts} == {1}


async def test_a_breaker_is_shown_as_it_stands() -> None:
    metrics, breaker = Metrics("ours"), Breaker(failures=1, rest_seconds=1e9)
    metrics.circuit("sidecar", breaker)
    assert values(await metrics.exposition())["taskflow_breaker_state sidecar"] == 0
    breaker.fail(monotonic())
    assert values(await metrics.exposition())["taskflow_breaker_state sidecar"] == 2


async def test_refusals_are_counted_by_what_was_asked_for() -> None:
    metrics = Metrics("ours")
    for status in (200, 401, 401, 429):
        metrics.request("GET", "/tasks", status, 0.1)
    found = values(await metrics.exposition())
    assert found["taskflow_auth_failures_total /tasks ours"] == 2
    assert found["taskflow_rate_limited_total /tasks ours"] == 1


async def test_the_process_is_shown_where_it_is_asked_for_alone() -> None:
    first, second = Metrics("ours"), Metrics("theirs")
    first.of_process()
    assert b"process_resident_memory_bytes" in await first.exposition()
    assert b"process_" not in await second.exposition()
