"""Services that are started while sidecars, broker and Redis are away: they serve, and wait."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.distributed.kafka import Kafka
from tests.distributed.ports import free_ports
from tests.distributed.programs import LOCAL
from tests.distributed.services import Place, System, make_topics, need_engine
from tests.product import PASSWORD

PATIENCE_SECONDS = 90
ACCOUNT = {"email": "alone@example.com", "password": PASSWORD}


@pytest.fixture
def alone(tmp_path: Path, dsn: str) -> Iterator[tuple[System, Kafka]]:
    """All services, and nothing else but the database."""
    need_engine()
    ports = free_ports()
    kafka = Kafka(tmp_path / "kafka", next(ports), next(ports))
    redis = f"redis://127.0.0.1:{next(ports)}/0"
    system = System(Place(tmp_path, dsn, kafka.address, ports), {"TASKFLOW_REDIS_URL": redis})
    try:
        system.start_services()
        yield system, kafka
    finally:
        system.stop()
        kafka.stop()


def readiness(system: System, name: str) -> tuple[int, dict[str, Any]]:
    answer = LOCAL.get(f"{system.url(name)}/health/ready")
    return answer.status_code, answer.json()["dependencies"]


def trail(system: System, user: httpx.Client) -> list[dict[str, Any]]:
    url = f"{system.url('audit-logger')}/api/v1/audit/events"
    headers = {"Authorization": user.headers["Authorization"]}
    answer = LOCAL.get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_what_is_asked_of_them_is_kept_and_goes_on_its_way_when_the_others_come(
    alone: tuple[System, Kafka],
) -> None:
    system, kafka = alone
    for name in system.services:
        status, dependencies = readiness(system, name)
        assert (status, dependencies["database"]["state"]) == (200, "up")
        assert dependencies["bus"] == dependencies["bus"] | {"state": "down", "optional": True}
    assert readiness(system, "reminder")[1]["redis"]["state"] == "down"
    with httpx.Client(base_url=f"{system.url('task-api')}/api/v1", timeout=20) as user:
        assert user.post("/auth/register", json=ACCOUNT | {"name": "Ann"}).status_code == 201
        token = user.post("/auth/login", json=ACCOUNT).json()["access_token"]
        user.headers["Authorization"] = f"Bearer {token}"
        made = user.post("/tasks", json={"title": "Kept"})
        assert made.status_code == 201
        assert trail(system, user) == []
        kafka.start()
        make_topics(kafka)
        for sidecar in system.sidecars.values():
            sidecar.start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := trail(system, user)):
            assert time.monotonic() < deadline, "the event never arrived"
            time.sleep(0.1)
    assert [one["event_type"] for one in found] == ["task.created"]
    assert readiness(system, "task-api")[1]["bus"]["state"] == "up"
