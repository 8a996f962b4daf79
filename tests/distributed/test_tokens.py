"""Who may say what to whom, tried on the real sidecars: tokens, scopes, and what listens where."""

import socket
from collections.abc import Iterator, Mapping

import asyncpg
import httpx
import pytest
from tests.distributed.programs import LOCAL, PLAIN
from tests.distributed.services import System
from tests.distributed.sidecar import TOKENS

from taskflow.events.topics import broker_topics
from taskflow.runner.processes import MODULES

CREATED, UPDATED, COMPLETED, DELETED, TRIGGERED = (
    f"taskflow.tasks.{name}"
    for name in ("created", "updated", "completed", "deleted", "reminder-triggered")
)
TASKS = {CREATED, UPDATED, COMPLETED, DELETED}
# The table of docs/guide/events.md, and whose dead letters are whose.
PUBLISHES: Mapping[str, set[str]] = {
    "task-api": TASKS,
    "recurring-processor": {"taskflow.dlq.recurring-processor"},
    "reminder": {TRIGGERED, "taskflow.dlq.reminder"},
    "notification": {"taskflow.dlq.notification"},
    "audit-logger": {"taskflow.dlq.audit-logger"},
}
READS: Mapping[str, set[str]] = {
    "task-api": set(),
    "recurring-processor": TASKS | {"taskflow.dlq.recurring-processor"},
    "reminder": {*TASKS, TRIGGERED, "taskflow.dlq.reminder"},
    "notification": {*TASKS, TRIGGERED, "taskflow.dlq.notification"},
    "audit-logger": {*TASKS, TRIGGERED, "taskflow.dlq.audit-logger"},
}
API = TOKENS["DAPR_API_TOKEN"]
LETTERS = "SELECT count(*) FROM delivery.dead_letters WHERE envelope = $1"
EVENT = {"specversion": "1.0", "id": "stranger", "source": "/s", "type": "t", "data": {}}
HEADER = "dapr-api-token"


def publish(system: System, app: str, topic: str, token: str | None) -> tuple[int, int]:
    """What the sidecar of an app answers to one event, and to a bulk of one."""
    url = f"http://127.0.0.1:{system.sidecars[app].http_port}/v1.0/publish"
    headers = {} if token is None else {HEADER: token}
    cloud_event = "application/cloudevents+json"
    entry = {"entryId": "1", "event": EVENT, "contentType": cloud_event}
    one = LOCAL.post(
        f"{url}/taskflow-pubsub/{topic}",
        json=EVENT,
        headers=headers | {"content-type": cloud_event},
    )
    many = LOCAL.post(f"{url}/bulk/taskflow-pubsub/{topic}", json=[entry], headers=headers)
    return one.status_code, many.status_code


@pytest.mark.parametrize("app", MODULES)
@pytest.mark.parametrize("topic", broker_topics())
def test_an_app_publishes_to_its_own_topics_and_to_no_other(
    system: System, app: str, topic: str
) -> None:
    is_own = topic in PUBLISHES[app]
    assert publish(system, app, topic, API) == ((204, 204) if is_own else (403, 403))


@pytest.mark.parametrize("app", MODULES)
@pytest.mark.parametrize("topic", ["taskflow.tasks.other", "__consumer_offsets"])
def test_nobody_publishes_to_a_topic_that_is_none_of_ours(
    system: System, app: str, topic: str
) -> None:
    one, many = publish(system, app, topic, API)
    assert {one, many} == {403}


@pytest.mark.parametrize("app", MODULES)
def test_an_app_reads_its_own_topics_and_no_other(system: System, app: str) -> None:
    url = f"http://127.0.0.1:{system.sidecars[app].http_port}/v1.0/metadata"
    answer = LOCAL.get(url, headers={HEADER: API}).json()
    assert {one["topic"] for one in answer.get("subscriptions", [])} == READS[app]


@pytest.mark.parametrize("app", MODULES)
@pytest.mark.parametrize("token", [None, "", "wrong", TOKENS["APP_API_TOKEN"]])
def test_without_its_token_a_sidecar_publishes_nothing(
    system: System, app: str, token: str | None
) -> None:
    for topic in broker_topics():
        assert publish(system, app, topic, token) == (401, 401)


@pytest.mark.parametrize("app", [name for name in MODULES if name != "task-api"])
@pytest.mark.parametrize("path", ["/internal/events", "/internal/dead-letters"])
async def test_only_with_its_token_a_delivery_changes_anything(
    system: System, dsn: str, app: str, path: str
) -> None:
    url = f"http://127.0.0.1:{system.internal_port(app)}{path}"
    body = f"no event, but {app} {path}".encode()
    connection = await asyncpg.connect(dsn)
    async with httpx.AsyncClient(verify=PLAIN) as client:
        for token in ({}, {HEADER: ""}, {HEADER: "wrong"}, {HEADER: API}):
            assert (await client.post(url, content=body, headers=token)).status_code == 401
        assert await connection.fetchval(LETTERS, body) == 0
        right = {HEADER: TOKENS["APP_API_TOKEN"]}
        assert (await client.post(url, content=body, headers=right)).status_code == 200
    assert await connection.fetchval(LETTERS, body) == 1
    await connection.close()


def addresses() -> Iterator[str]:
    """This machine's addresses beside the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        # Nothing is sent: it tells by which address the machine would speak to the world.
        one.connect(("192.0.2.1", 9))
        yield one.getsockname()[0]


@pytest.mark.parametrize("app", MODULES)
def test_deliveries_and_sidecars_are_reached_from_this_machine_alone(
    system: System, app: str
) -> None:
    sidecar = system.sidecars[app]
    inner = (system.internal_port(app), sidecar.http_port)
    for address in addresses():
        for port in inner:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((address, port), timeout=5)
        outer = int(system.url(app).rpartition(":")[2])
        socket.create_connection((address, outer), timeout=5).close()


def test_a_request_that_can_be_read_in_two_ways_is_no_delivery(system: System) -> None:
    port = system.internal_port("notification")
    head = (
        "POST /internal/events HTTP/1.1\r\nHost: x\r\n"
        f"dapr-api-token: {TOKENS['APP_API_TOKEN']}\r\n"
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    body = "0\r\n\r\nPOST /internal/dead-letters HTTP/1.1\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
        one.sendall((head + body).encode())
        answer = one.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 400 ")
