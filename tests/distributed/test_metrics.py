"""What daprd and the services show on a real broker: whatever the dashboard uses is there."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.distributed.figures import total
from tests.distributed.kafka import Kafka
from tests.distributed.ports import free_ports, free_span
from tests.distributed.programs import CLI, Program, answers
from tests.distributed.services import make_topics, need_engine
from tests.distributed.sidecar import TOKENS, Sidecar
from tests.monitoring.judged import names_in, used

from taskflow.runner.processes import port_offset

SERVICES = ("task-api", "notification", "audit-logger")
TASKS = 20
PATIENCE_SECONDS = 60
# From the first service's HTTP port to the last one's listener for its sidecar.
SPAN = 110


class Place(NamedTuple):
    """Where everything of a test is."""

    folder: Path
    dsn: str
    brokers: str
    port_base: int


class Pair:
    """A service and its sidecar."""

    def __init__(self, name: str, place: Place, ports: Iterator[int]) -> None:
        port = place.port_base + port_offset(name)
        self.url = f"http://127.0.0.1:{port}"
        self.sidecar = Sidecar(name, port + 100, place.brokers, place.folder, ports)
        environment = TOKENS | {
            "TASKFLOW_BUS": "dapr",
            "TASKFLOW_DATABASE_URL": place.dsn,
            "TASKFLOW_DATA_DIR": str(place.folder / "data"),
            "TASKFLOW_PORT_BASE": str(place.port_base),
            "TASKFLOW_DAPR_HTTP_PORT": str(self.sidecar.http_port),
        }
        self.service = Program(
            name,
            [*CLI, "run", name],
            place.folder,
            environment=environment,
            is_ready=answers(f"{self.url}/health/ready"),
        )

    def start(self) -> None:
        self.service.launch()
        self.sidecar.start()
        self.service.wait_ready()

    def stop(self) -> None:
        self.service.stop()
        self.sidecar.stop()

    def shown(self) -> str:
        """What both show."""
        urls = (f"{self.url}/metrics", self.sidecar.metrics_url)
        return "\n".join(httpx.get(url, timeout=20).text for url in urls)


@pytest.fixture(scope="module")
def pairs(dsn: str, open_dir: Path) -> Iterator[list[Pair]]:
    """Some services on a real broker, after some tasks."""
    need_engine()
    ports, folder = free_ports(), open_dir / "measured"
    folder.mkdir()
    kafka = Kafka(folder / "kafka", next(ports), next(ports))
    kafka.start()
    make_topics(kafka)
    place = Place(folder, dsn, kafka.address, free_span(SPAN))
    found = [Pair(name, place, ports) for name in SERVICES]
    try:
        for pair in found:
            pair.start()
        make_tasks(f"{found[0].url}/api/v1")
        yield found
    finally:
        for pair in found:
            pair.stop()
        kafka.stop()


def make_tasks(url: str) -> None:
    login = {"email": "measured@example.com", "password": "Test123!"}
    with httpx.Client(base_url=url, timeout=20) as client:
        assert client.post("/auth/register", json={**login, "name": "Ann"}).status_code == 201
        token = client.post("/auth/login", json=login).json()["access_token"]
        for number in range(TASKS):
            answer = client.post(
                "/tasks",
                json={"title": f"Task {number}"},
                headers={"Authorization": f"Bearer {token}"},
            )
            assert answer.status_code == 201


def test_every_name_of_a_sidecar_that_is_used_is_shown(pairs: list[Pair]) -> None:
    wanted = {name for name in used() if name.startswith("dapr_")}
    assert len(wanted) > 5
    deadline = time.monotonic() + PATIENCE_SECONDS
    while lacking := wanted - names_in("\n".join(pair.shown() for pair in pairs)):
        assert time.monotonic() < deadline, lacking
        time.sleep(0.2)


def test_sidecars_and_services_count_alike(pairs: list[Pair]) -> None:
    api, notification, audit = pairs
    age, stage = "taskflow_event_age_seconds_count", {"stage": "handled"}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while min(total(pair.shown(), age, **stage) for pair in (notification, audit)) < TASKS:
        assert time.monotonic() < deadline, "the events never arrived"
        time.sleep(0.2)
    assert total(notification.shown(), "dapr_component_pubsub_ingress_count") >= TASKS
    calls = total(audit.shown(), "dapr_component_pubsub_ingress_bulk_count")
    assert 1 <= calls <= total(audit.shown(), age, **stage)
    assert total(api.shown(), "dapr_component_pubsub_egress_bulk_count", success="true") >= 1
    assert total(api.shown(), "taskflow_event_age_seconds_count", stage="published") >= TASKS


def test_what_the_embedded_size_has_not_is_shown_here(pairs: list[Pair]) -> None:
    api = pairs[0].shown()
    assert total(api, "taskflow_relay_leases_held") == 8
    states = [
        sample
        for family in text_string_to_metric_families(api)
        for sample in family.samples
        if sample.name == "taskflow_breaker_state"
    ]
    assert [(one.labels["circuit"], one.value) for one in states] == [("sidecar", 0)]
    assert total(api, "taskflow_dependency_up", dependency="bus") == 1
