"""A request's correlation id is on every line that it leads to, to the last consumer."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.product import Product

from taskflow.events.topics import CONSUMERS

PATIENCE_SECONDS = 30
RECURRING = {"title": "Water", "due_date": "2030-03-04T09:00:00Z", "recurrence": {"rule": "weekly"}}


@pytest.fixture(scope="module")
def talkative(open_dir: Path) -> Iterator[Product]:
    """TaskFlow, telling all that it ever tells, for machines."""
    settings = {"TASKFLOW_LOG_LEVEL": "debug", "TASKFLOW_LOG_FORMAT": "json"}
    product = Product(open_dir / "correlated", settings)
    product.start()
    product.install()
    yield product
    product.stop()


def lines_of(product: Product, correlation_id: str) -> list[dict[str, Any]]:
    """The log lines that name a request."""
    found = [json.loads(line) for line in list(product.output) if line.startswith("{")]
    return [line for line in found if line.get("correlation_id") == correlation_id]


def handled(lines: list[dict[str, Any]], event_type: str) -> set[str]:
    wanted = [line for line in lines if line["event"] == "event.handled"]
    return {line["consumer"] for line in wanted if line["event_type"] == event_type}


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.05)


def until_handled(product: Product, correlation_id: str, *event_types: str) -> None:
    """Wait until every consumer has said that it handled the request's events."""
    until(
        lambda: all(
            handled(lines_of(product, correlation_id), one) == set(CONSUMERS) for one in event_types
        )
    )


def test_an_id_is_followed_from_the_request_to_every_consumer(talkative: Product) -> None:
    user = talkative.user()
    answer = user.post("/tasks", json=RECURRING, headers={"X-Correlation-ID": "made-by-hand"})
    assert (answer.status_code, answer.headers["x-correlation-id"]) == (201, "made-by-hand")
    until_handled(talkative, "made-by-hand", "task.created")
    lines = lines_of(talkative, "made-by-hand")
    request = next(line for line in lines if line["event"] == "request.answered")
    assert (request["method"], request["route"], request["status"], request["level"]) == (
        "POST",
        "/api/v1/tasks",
        201,
        "debug",
    )
    assert request["milliseconds"] > 0
    named = {line["event_id"] for line in lines if "event_id" in line}
    assert len(named) == 1
    assert [line["event"] for line in lines].count("event.published") == 1


def test_what_a_request_leads_to_has_its_id_too(talkative: Product) -> None:
    user = talkative.user()
    task = user.post("/tasks", json=RECURRING).json()
    done = user.post(f"/tasks/{task['id']}/complete", headers={"X-Correlation-ID": "completion"})
    assert done.status_code == 200
    until_handled(talkative, "completion", "task.completed", "task.created")
    published = [
        line for line in lines_of(talkative, "completion") if line["event"] == "event.published"
    ]
    assert len({line["event_id"] for line in published}) == 2


def test_requests_at_once_and_one_after_the_other_keep_their_ids_apart(
    talkative: Product,
) -> None:
    user = talkative.user()
    names = [f"request-{number}" for number in range(40)]

    def ask(name: str) -> str:
        answer = user.get("/tasks", headers={"X-Correlation-ID": name})
        return answer.headers["x-correlation-id"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, names)) == names
    anonymous = user.get("/tasks").headers["x-correlation-id"]
    assert anonymous not in names
    until(lambda: bool(lines_of(talkative, anonymous)))
    for name in (*names, anonymous):
        answered = [line["event"] for line in lines_of(talkative, name)]
        assert answered == ["request.answered"], name


def test_a_path_is_never_in_a_line_but_its_template_is(talkative: Product) -> None:
    user = talkative.user()
    sent = {"X-Correlation-ID": "secret-path"}
    assert user.get("/tasks/tfs_not-for-any-log", headers=sent).status_code in {404, 422}
    until(lambda: bool(lines_of(talkative, "secret-path")))
    assert [line["route"] for line in lines_of(talkative, "secret-path")] == [
        "/api/v1/tasks/{task_id}"
    ]
    assert not any("not-for-any-log" in line for line in talkative.output)
