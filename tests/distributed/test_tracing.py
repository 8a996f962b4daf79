"""A trace survives the real way: the outbox, a real daprd, a real Kafka, and a daprd again."""

from collections.abc import Iterator

import httpx
import pytest
from tests.collector import Collector, Seen, paths
from tests.distributed.services import System

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
WEEKLY = {"title": "Water", "due_date": "2026-03-02T08:00:00Z", "recurrence": {"rule": "weekly"}}
CONSUMERS = ("audit-logger", "notification", "recurring-processor", "reminder")
LOGIN = {"email": "admin@example.com", "password": "Test123!"}


@pytest.fixture
def user(system: System) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{system.url('task-api')}/api/v1", timeout=20) as client:
        client.post("/auth/register", json=LOGIN | {"name": "Admin"})
        answer = client.post("/auth/login", json=LOGIN)
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client


def created(spans: list[Seen]) -> set[str]:
    """The contexts of the trace's messages."""
    return {
        f"{one.trace}-{one.id}" for one in spans if one.trace == TRACE and one.kind == "PRODUCER"
    }


def linked(spans: list[Seen]) -> set[str]:
    """What publications are linked to."""
    return {link for one in spans if one.name.startswith("publish") for link in one.links}


def test_a_trace_survives_dapr_and_kafka_to_every_consumer_and_to_what_they_do(
    user: httpx.Client, collector: Collector
) -> None:
    task = user.post("/tasks", json=WEEKLY).json()
    headers = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
    done = user.post(f"/tasks/{task['id']}/complete", headers=headers)
    assert done.status_code == 200
    request = "task-api: POST /api/v1/tasks/{task_id}/complete"
    completed = f"{request} > transaction > create taskflow.tasks.completed"
    handled = [f"{completed} > {name}: process taskflow.tasks.completed" for name in CONSUMERS]
    made = f"{handled[2]} > transaction > create taskflow.tasks.created"
    again = [f"{made} > {name}: process taskflow.tasks.created" for name in CONSUMERS]
    expected = {request, completed, *handled, made, *again}
    spans = collector.until(
        lambda spans: expected <= set(paths(spans, TRACE)) and created(spans) <= linked(spans)
    )
    mine = [one for one in spans if one.trace == TRACE]
    assert {one.service for one in mine} == {"task-api", *CONSUMERS}
    assert [one.parent for one in mine if one.kind == "SERVER"] == [CALLER]
