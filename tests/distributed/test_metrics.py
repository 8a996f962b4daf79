"""What daprd and the services show on a real broker: whatever the dashboard uses is there."""

import time

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.distributed.figures import total
from tests.distributed.programs import LOCAL
from tests.distributed.services import System
from tests.monitoring.judged import names_in, used

SERVICES = ("task-api", "notification", "audit-logger")
TASKS = 20
PATIENCE_SECONDS = 60


class Figures:
    """What a service and its sidecar show, and what has come to it since there were our tasks."""

    def __init__(self, system: System, name: str) -> None:
        self._urls = (f"{system.url(name)}/metrics", system.sidecars[name].metrics_url)
        self._before = self.shown()

    def shown(self) -> str:
        """What both show."""
        return "\n".join(LOCAL.get(url).text for url in self._urls)

    def gained(self, name: str, **labels: str) -> float:
        """By how much a figure has grown."""
        return total(self.shown(), name, **labels) - total(self._before, name, **labels)


@pytest.fixture(scope="module")
def figures(system: System) -> list[Figures]:
    """Those of some services on a real broker, after some tasks."""
    found = [Figures(system, name) for name in SERVICES]
    make_tasks(f"{system.url('task-api')}/api/v1")
    return found


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


def test_every_name_of_a_sidecar_that_is_used_is_shown(figures: list[Figures]) -> None:
    wanted = {name for name in used() if name.startswith("dapr_")}
    assert len(wanted) > 5
    deadline = time.monotonic() + PATIENCE_SECONDS
    while lacking := wanted - names_in("\n".join(one.shown() for one in figures)):
        assert time.monotonic() < deadline, lacking
        time.sleep(0.2)


def test_sidecars_and_services_count_alike(figures: list[Figures]) -> None:
    api, notification, audit = figures
    age, stage = "taskflow_event_age_seconds_count", {"stage": "handled"}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while min(one.gained(age, **stage) for one in (notification, audit)) < TASKS:
        assert time.monotonic() < deadline, "the events never arrived"
        time.sleep(0.2)
    assert notification.gained("dapr_component_pubsub_ingress_count") >= TASKS
    calls = audit.gained("dapr_component_pubsub_ingress_bulk_count")
    assert 1 <= calls <= audit.gained(age, **stage)
    assert api.gained("dapr_component_pubsub_egress_bulk_count", success="true") >= 1
    assert api.gained(age, stage="published") >= TASKS


def test_what_the_embedded_size_has_not_is_shown_here(figures: list[Figures]) -> None:
    api = figures[0].shown()
    assert total(api, "taskflow_relay_leases_held") == 8
    states = [
        sample
        for family in text_string_to_metric_families(api)
        for sample in family.samples
        if sample.name == "taskflow_breaker_state"
    ]
    assert [(one.labels["circuit"], one.value) for one in states] == [("sidecar", 0)]
    assert total(api, "taskflow_dependency_up", dependency="bus") == 1
