"""One trace leads from a request to all that comes of it, and a collector costs nobody anything."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.collector import Collector, Seen, nobody_there, paths
from tests.flow.test_recurring import WEEKLY, instances
from tests.product import Product

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")
CONSUMERS = ("audit-logger", "notification", "recurring-processor", "reminder")
MANY = 300
PATIENCE_SECONDS = 20


def brought(trace: str, flags: str = "01") -> dict[str, str]:
    """Headers of a caller who traces."""
    return {"traceparent": f"00-{trace}-{CALLER}-{flags}", "X-Correlation-ID": f"corr-{trace[:8]}"}


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture(scope="module")
def traced(open_dir: Path, collector: Collector) -> Iterator[Product]:
    """TaskFlow, telling the collector."""
    product = Product(open_dir / "traced", {"TASKFLOW_OTLP_ENDPOINT": collector.url})
    product.start()
    product.install()
    yield product
    product.stop()


def create(root: str) -> list[str]:
    """What a creation leads to, below a span."""
    made = f"{root} > create taskflow.tasks.created"
    handled = [f"{made} > {name}: process taskflow.tasks.created" for name in CONSUMERS]
    return [root, made, *handled, f"{handled[1]} > notify streams"]


def told(spans: list[Seen], trace: str) -> list[str]:
    """The paths of a trace; chance decides whether an event shares its transaction with others."""
    return [
        path for path in paths(spans, trace) if not re.search(r": process \S+ > transaction$", path)
    ]


def test_one_trace_leads_from_a_creation_to_every_consumer_and_its_reminder(
    traced: Product, collector: Collector
) -> None:
    body = {"title": "Tea", "due_date": soon(3602), "reminders": [{"offset": "PT1H"}]}
    assert traced.user().post("/tasks", json=body, headers=brought(TRACE)).status_code == 201
    request = "task-api: POST /api/v1/tasks"
    created = f"{request} > transaction > create taskflow.tasks.created"
    fired = f"{created} > reminder: fire reminder"
    made = f"{fired} > create taskflow.tasks.reminder-triggered"
    handled = [f"{made} > {name}: process taskflow.tasks.reminder-triggered" for name in CONSUMERS]
    reminded = [one for one in handled if "recurring" not in one]
    expected = [
        *(request, *create(f"{request} > transaction")),
        *(fired, made, *reminded, f"{handled[1]} > notify streams"),
    ]
    found = collector.until(lambda spans: told(spans, TRACE) == sorted(expected))
    mine = [one for one in found if one.trace == TRACE]
    assert [one.parent for one in mine if one.kind == "SERVER"] == [CALLER]
    assert {one.attributes.get("taskflow.correlation_id", "corr-4bf92f35") for one in mine} == {
        "corr-4bf92f35"
    }
    assert not any(one.is_failed for one in mine)


def test_the_next_instance_of_a_series_is_in_the_trace_of_the_completion(
    traced: Product, collector: Collector
) -> None:
    trace, user = "a" * 32, traced.user()
    task = user.post("/tasks", json=WEEKLY).json()
    user.post(f"/tasks/{task['id']}/complete", headers=brought(trace))
    assert instances(user, task["series_id"], ["open", "done"])
    request = "task-api: POST /api/v1/tasks/{task_id}/complete"
    completed = f"{request} > transaction > create taskflow.tasks.completed"
    following = f"{completed} > recurring-processor: process taskflow.tasks.completed > transaction"
    expected = set(create(following))
    collector.until(lambda spans: expected <= set(paths(spans, trace)))


def test_a_publication_is_linked_to_what_it_publishes(
    traced: Product, collector: Collector
) -> None:
    trace = "b" * 32
    traced.user().post("/tasks", json={"title": "Tea"}, headers=brought(trace))

    def links(spans: list[Seen]) -> set[str]:
        return {link for one in spans if one.name.startswith("publish") for link in one.links}

    def creation(spans: list[Seen]) -> set[str]:
        return {
            f"{one.trace}-{one.id}"
            for one in spans
            if one.trace == trace and one.kind == "PRODUCER"
        }

    found = collector.until(lambda spans: bool(creation(spans)) and creation(spans) <= links(spans))
    assert [one.parent for one in found if one.name.startswith("publish") if one.parent] == []


def test_a_collector_hears_no_title_query_token_or_path(
    traced: Product, collector: Collector
) -> None:
    trace, user = "c" * 32, traced.user()
    task = user.post("/tasks", json={"title": "Zebra-in-the-title"}).json()
    user.get("/tasks", params={"search": "zebra-in-the-query"})
    user.get(f"/tasks/{task['id']}", headers=brought(trace))
    spans = collector.until(lambda spans: any(one.trace == trace for one in spans))
    everything = collector.everything.lower()
    token = user.headers["Authorization"].removeprefix("Bearer ")
    for secret in ("zebra-in-the-title", "zebra-in-the-query", token.lower(), "@example.com"):
        assert secret.encode() not in everything
    assert [one.name for one in spans if UUID.search(one.name)] == []
    assert f"tasks/{task['id']}".encode() not in everything


def test_whoever_asks_for_no_trace_leaves_none_and_what_is_not_found_is_no_failure(
    traced: Product, collector: Collector
) -> None:
    unwanted, wanted, user = "d" * 32, "e" * 32, traced.user()
    user.post("/tasks", json={"title": "Tea"}, headers=brought(unwanted, "00"))
    assert user.get("/nowhere", headers=brought(wanted)).status_code == 404
    spans = collector.until(lambda spans: any(one.trace == wanted for one in spans))
    assert [one.name for one in spans if one.trace == unwanted] == []
    assert [(one.name, one.is_failed) for one in spans if one.trace == wanted] == [("GET", False)]


@pytest.mark.parametrize("kind", ["away", "hanging"])
def test_a_collector_that_is_away_or_hangs_costs_no_request_and_no_event(
    open_dir: Path, kind: str
) -> None:
    with Collector(hangs=True) as hanging:
        url = nobody_there() if kind == "away" else hanging.url
        product = Product(open_dir / f"untold-{kind}", {"TASKFLOW_OTLP_ENDPOINT": url})
        product.start()
        product.install()
        user = product.user()
        if kind == "hanging":
            # From here on somebody waits for an answer that never comes; no request does.
            hanging.until_called()
        for number in range(MANY):
            assert user.post("/tasks", json={"title": f"Task {number}"}).status_code == 201
        assert _audited(product) == MANY
        assert hanging.everything == b""
        assert product.stop() == 0


def _audited(product: Product) -> int:
    """How many creations the trail has, once it has as many as were made."""
    admin, deadline = product.admin(), time.monotonic() + PATIENCE_SECONDS
    wanted, lines = {"event_type": "task.created"}, {"Accept": "application/x-ndjson"}
    while True:
        found = admin.get("/audit/events", params=wanted, headers=lines).text.splitlines()
        if len(found) >= MANY or time.monotonic() > deadline:
            return len(found)
