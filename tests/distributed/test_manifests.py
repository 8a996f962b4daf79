"""Production's Dapr resources, as Kubernetes would apply them, in real sidecars on a real Kafka."""

import copy
import os
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread

import httpx
import msgspec
import pytest
import yaml
from tests.distributed.certificates import Authority
from tests.distributed.ports import free_ports
from tests.distributed.programs import missing
from tests.distributed.secured_kafka import ACCOUNT, PASSWORD, SecuredKafka
from tests.distributed.sidecar import RESOURCES, TOKENS, Sidecar
from tests.manifests.rendering import K8S, of_kind, rendered

from taskflow.events.topics import broker_topics

DAPRS = ("Component", "Configuration", "Resiliency", "Subscription")
TOPIC = "taskflow.tasks.created"
Secret = dict[str, str]


class Application:
    """Something for a sidecar to deliver to; keeps the body of everything that it is given."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.delivered: Queue[bytes] = Queue()
        delivered = self.delivered

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                delivered.put(self.rfile.read(int(self.headers["content-length"])))
                self._answer()

            def _answer(self) -> None:
                self.send_response(200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class ProductionSidecar(Sidecar):
    """daprd with what production's overlay applies; the operator's work is done here."""

    def __init__(self, app_id: str, kafka: str, secret: Secret, folder: Path) -> None:
        folder.mkdir()
        ports = free_ports()
        self.application = Application(next(ports))
        super().__init__(app_id, self.application.port, kafka, folder, ports)
        resources = folder / "dapr"
        apply(secret, resources)
        self.command = [one.replace(str(RESOURCES), str(resources)) for one in self.command]

    def ask(self, method: str, path: str, content: object = None) -> httpx.Response:
        return httpx.request(
            method,
            f"http://127.0.0.1:{self.http_port}/v1.0/{path}",
            content=None if content is None else msgspec.json.encode(content),
            headers={
                "dapr-api-token": TOKENS["DAPR_API_TOKEN"],
                "content-type": "application/json",
            },
            timeout=10,
        )

    def publish(self, topic: str) -> int:
        event = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": {}}
        entry = {
            "entryId": "1",
            "event": event,
            "contentType": "application/cloudevents+json",
            "metadata": {"partitionKey": "1"},
        }
        return self.ask("POST", f"publish/bulk/taskflow-pubsub/{topic}", [entry]).status_code


def apply(secret: Secret, folder: Path) -> None:
    """Write each of production's resources to a file, with the values of the Secret put in."""
    folder.mkdir()
    for kind in DAPRS:
        found = [
            copy.deepcopy(one) for one in of_kind(rendered("overlays/production"), kind).values()
        ]
        for one in found if kind == "Component" else ():
            for each in one["spec"]["metadata"]:
                if reference := each.pop("secretKeyRef", None):
                    each["value"] = secret[reference["key"]]
        (folder / f"{kind.lower()}.yaml").write_text(yaml.safe_dump_all(found))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if reason := missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return tmp_path_factory.mktemp("production")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder)


@pytest.fixture(scope="module")
def secret(authority: Authority) -> Secret:
    """What is in the Secret taskflow-kafka."""
    certificate = authority.certificate.read_text()
    return {"username": ACCOUNT, "password": PASSWORD, "ca.crt": certificate}


@pytest.fixture(scope="module")
def kafka(folder: Path, authority: Authority) -> Iterator[SecuredKafka]:
    """A broker with the topics that the Job's script made, over TLS and with the account."""
    kafka = SecuredKafka(folder / "kafka", authority, free_ports())
    kafka.start()
    environment = {
        "KAFKA_TOPICS_TOOL": str(kafka.topics_tool),
        "KAFKA_BOOTSTRAP_SERVERS": kafka.address,
        "KAFKA_COMMAND_CONFIG": str(kafka.client),
    }
    script = str(K8S / "base" / "create-topics.sh")
    try:
        subprocess.run(["/bin/sh", script], env=os.environ | environment, check=True, timeout=300)
        yield kafka
    finally:
        kafka.stop()


@pytest.fixture(scope="module")
def sidecars(
    folder: Path, kafka: SecuredKafka, secret: Secret
) -> Iterator[dict[str, ProductionSidecar]]:
    """One that publishes and one that consumes."""
    made = {
        name: ProductionSidecar(name, kafka.address, secret, folder / name)
        for name in ("task-api", "audit-logger")
    }
    try:
        for one in made.values():
            one.start()
        yield made
    finally:
        for one in made.values():
            one.stop()
            one.application.close()


def test_the_script_makes_every_topic_over_tls(kafka: SecuredKafka) -> None:
    command = [str(kafka.topics_tool), "--bootstrap-server", kafka.address, "--list"]
    listing = [*command, "--command-config", str(kafka.client)]
    found = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    assert set(found) >= set(broker_topics())


def test_an_event_arrives_over_tls(sidecars: dict[str, ProductionSidecar]) -> None:
    assert sidecars["task-api"].publish(TOPIC) == 204
    body = sidecars["audit-logger"].application.delivered.get(timeout=60)
    (entry,) = msgspec.json.decode(body)["entries"]
    assert entry["event"]["id"] == "1"


def test_an_app_cannot_publish_what_is_another_ones(
    sidecars: dict[str, ProductionSidecar],
) -> None:
    assert sidecars["audit-logger"].publish(TOPIC) == 403
    assert sidecars["task-api"].publish("taskflow.dlq.audit-logger") == 403


def test_a_sidecar_has_the_subscriptions_of_its_app(
    sidecars: dict[str, ProductionSidecar],
) -> None:
    found = {
        name: {topic["topic"] for topic in one.ask("GET", "metadata").json()["subscriptions"]}
        for name, one in sidecars.items()
        if name == "audit-logger"
    }
    own = {"taskflow.dlq.audit-logger"}
    assert found == {
        "audit-logger": {one for one in broker_topics() if one.startswith("taskflow.tasks.")} | own
    }
    assert not sidecars["task-api"].ask("GET", "metadata").json().get("subscriptions")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "secrets/kubernetes/taskflow-kafka"),
        ("GET", "state/any/key"),
        ("POST", "invoke/reminder/method/api/v1/reminders"),
        ("POST", "shutdown"),
    ],
)
def test_no_other_part_of_dapr_answers(
    sidecars: dict[str, ProductionSidecar], method: str, path: str
) -> None:
    assert sidecars["task-api"].ask(method, path).status_code == 404
    assert sidecars["task-api"].ask("GET", "healthz").status_code == 204


@pytest.mark.parametrize("wrong", ["password", "ca.crt"])
def test_a_sidecar_with_a_wrong_secret_ends_and_says_so(
    folder: Path, kafka: SecuredKafka, secret: Secret, wrong: str
) -> None:
    another = {
        "password": "of-somebody-else",
        "ca.crt": Authority(folder, f"other-{wrong}").certificate.read_text(),
    }
    given = secret | {wrong: another[wrong]}
    sidecar = ProductionSidecar("reminder", kafka.address, given, folder / f"wrong-{wrong}")
    sidecar.launch()
    try:
        assert sidecar.wait_end() != 0
    finally:
        sidecar.stop()
        sidecar.application.close()
    assert "taskflow-pubsub" in sidecar.tail(3)
