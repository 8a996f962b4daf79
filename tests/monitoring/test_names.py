"""Every metric that the dashboard, the alerts and the pages name is in what the product shows.

The product does something of everything, is scraped at each of its five ports, and what it shows
is compared with what is named, in both directions.
"""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from tests.monitoring.judged import documented, expressions, promtool, used
from tests.product import Product

from taskflow.base.settings import Settings
from taskflow.events.topics import CONSUMERS
from taskflow.runner.reaching import reaching

PATIENCE_SECONDS = 60
# Of the distributed size alone; tests/distributed scrapes it.
ELSEWHERE = {"taskflow_relay_leases_held"}
# What is only shown once something goes wrong, or belongs to the other size.
RARE = {
    "taskflow_loop_failures_total",
    "taskflow_events_duplicate_total",
    "taskflow_breaker_state",
}
# Shown, and in no panel or alert, by choice.
UNUSED = {"process_virtual_memory_bytes"}
POISON = """
INSERT INTO delivery.outbox (event_id, source, topic, key, envelope, created_at)
VALUES (gen_random_uuid(), '/taskflow/task-api', 'taskflow.tasks.created', 'poison', 'x', now())
"""
# A histogram, and the bound of it that an expression counts up to.
BOUND = re.compile(r'(\w+)_bucket\{[^}]*\ble=~?"([^"]+)"')
Shown = dict[str, Metric]


@pytest.fixture(scope="module")
async def busy(open_dir: Path) -> Iterator[Product]:  # type: ignore[misc]
    """TaskFlow, after something of everything."""
    limits = {"TASKFLOW_AUTH_ATTEMPTS_PER_MINUTE": "20", "TASKFLOW_STREAM_PER_SECOND": "1"}
    product = Product(open_dir / "busy", limits)
    product.start()
    product.install()
    async with reaching(Settings.load({"data_dir": product.data_dir})) as dsn:
        connection = await asyncpg.connect(dsn)
        await connection.execute(POISON)
        await connection.close()
    do_everything(product)
    yield product
    product.stop()


def do_everything(product: Product) -> None:
    user = product.user()
    with user.stream("GET", "/notifications/stream") as stream:
        lines = stream.iter_lines()
        assert next(lines)
        write(user)
        assert next(line for line in lines if line == "event: task.created")
    wrong = {"email": "nobody@example.com", "password": "Wrong123!"}
    answers = {user.post("/auth/login", json=wrong).status_code for _ in range(25)}
    assert answers == {401, 429}


def write(user: httpx.Client) -> None:
    """Tasks of each kind, one of them sent twice and changed often."""
    once = {"Idempotency-Key": str(uuid4())}
    recurring = {"title": "Water", "due_date": "2030-03-04T09:00:00Z"}
    recurring |= {"recurrence": {"rule": "weekly"}}  # type: ignore[dict-item]
    made = [user.post("/tasks", json=recurring, headers=once) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    task = made[0].json()["id"]
    for number in range(10):
        assert user.patch(f"/tasks/{task}", json={"title": f"Water {number}"}).status_code == 200
    assert user.post(f"/tasks/{task}/complete").status_code == 200
    soon = {"title": "Now", "reminders": [{"at": soon_enough()}]}
    assert user.post("/tasks", json=soon).status_code == 201


def soon_enough() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))


def texts(product: Product) -> list[str]:
    """What each of the five ports shows."""
    ports = range(product.port_base, product.port_base + 5)
    answers = [httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=20) for port in ports]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.text for answer in answers]


def shown(product: Product) -> Shown:
    """All metrics by the names that Prometheus knows; each with the samples of all ports."""
    found: Shown = {}
    for text in texts(product):
        for family in text_string_to_metric_families(text):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            known = found.setdefault(name, family)
            if known is not family:
                known.samples += family.samples
    return {name: one for name, one in found.items() if not name.endswith("_created")}


def until(product: Product, holds: Callable[[Shown], bool]) -> Shown:
    """Scrape until something holds; what was shown then."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds(found := shown(product)):
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.2)
    return found


def total(metric: Metric, **labels: str) -> float:
    """The sum of a metric's samples; of a histogram the number of observations."""
    wanted = [
        one for one in metric.samples if not one.name.endswith(("_bucket", "_sum", "_created"))
    ]
    return sum(one.value for one in wanted if labels.items() <= one.labels.items())


async def test_everything_that_is_named_is_shown(busy: Product) -> None:
    named = {name for name in used() | documented() if not name.startswith("dapr_")} - ELSEWHERE
    found = until(busy, lambda now: total(now["taskflow_reminder_lateness_seconds"]) > 0)
    assert named - set(found) == set()
    silent = {name for name in named if not found[name].samples}
    assert silent - RARE == set()


async def test_every_bound_that_is_asked_for_is_one(busy: Product) -> None:
    found = shown(busy)
    asked = [one for expression in expressions() for one in BOUND.findall(expression)]
    assert len({bound for _, bound in asked}) > 3
    for name, bound in asked:
        known = {sample.labels["le"] for sample in found[name].samples if "le" in sample.labels}
        pattern = bound.replace("\\\\", "\\")
        assert any(re.fullmatch(pattern, one) for one in known), (name, bound)


async def test_everything_that_is_shown_is_named_or_left_out_by_choice(busy: Product) -> None:
    ours = {name for name in shown(busy) if not name.startswith("python_")}
    assert ours - used() == UNUSED
    assert {name for name in ours if name.startswith("taskflow_")} - documented() == set()


async def test_what_happened_is_what_is_shown(busy: Product) -> None:
    def has_settled(now: Shown) -> bool:
        is_set_aside = total(now["taskflow_dead_letters_waiting"]) == len(CONSUMERS)
        fired = total(now["taskflow_reminder_lateness_seconds"])
        told = total(now["taskflow_event_age_seconds"], stage="handled", consumer="notification")
        is_written = total(now["taskflow_audit_events_total"]) == told
        is_empty = total(now["taskflow_outbox_pending"]) == 0
        return is_set_aside and fired == 1 and is_empty and is_written

    found = until(busy, has_settled)
    assert total(found["taskflow_dead_letters_total"]) == len(CONSUMERS)
    assert total(found["taskflow_idempotent_replays_total"]) == 1
    assert total(found["taskflow_auth_failures_total"], route="/api/v1/auth/login") > 10
    assert total(found["taskflow_rate_limited_total"], route="/api/v1/auth/login") > 1
    assert total(found["taskflow_recurring_instances_total"]) == 1
    assert total(found["taskflow_recurring_series_active"]) == 1
    assert total(found["taskflow_notes_merged_total"]) > 0
    assert total(found["taskflow_version_gaps"]) == 0
    assert total(found["taskflow_ready"]) == 5
    assert total(found["taskflow_dependency_up"], dependency="database") == 5
    ages = found["taskflow_event_age_seconds"]
    written = total(found["taskflow_audit_events_total"])
    assert total(ages, stage="handled", consumer="audit-logger") == written
    assert total(ages, stage="handled", consumer="notification") == written
    assert total(ages, stage="sent") > 0


async def test_the_process_is_shown_once(busy: Product) -> None:
    assert len(shown(busy)["process_resident_memory_bytes"].samples) == 1


async def test_names_and_explanations_are_as_prometheus_wants_them(busy: Product) -> None:
    for text in texts(busy):
        judged = promtool("check", "metrics", stdin=text)
        assert judged.returncode == 0, judged.stdout + judged.stderr


async def test_every_metric_has_a_sentence(busy: Product) -> None:
    assert [name for name, one in shown(busy).items() if not one.documentation.strip()] == []
