"""From the model of a Compose file to processes of this machine."""

from pathlib import Path
from typing import Any

import pytest
from tests.distributed.composed import Composed, Machine, image_of, parse_env

PORTS = {
    ("api", 8000): 21000,
    ("api", 8100): 21100,
    ("api", 3500): 23500,
    ("api", 9090): 29090,
    ("kafka", 9092): 29092,
    ("postgres", 5432): 25432,
    ("postgres-old", 5432): 25433,
}
SECRETS = {"dapr.env": "# tokens\nDAPR_API_TOKEN=one=1\n\nAPP_API_TOKEN=two\n"}
MODEL: dict[str, Any] = {
    "secrets": {"database_url": {"file": "/project/secrets/url.txt"}},
    "services": {
        "api": {
            "image": "registry.example:5000/owner/taskflow:0.1.0",
            "command": ["run", "api"],
            "environment": {
                "TASKFLOW_HOST": "0.0.0.0",  # noqa: S104 - it is what the translation takes away
                "TASKFLOW_PORT_BASE": "8000",
                "TASKFLOW_DAPR_HTTP_PORT": "3500",
                "TASKFLOW_DATABASE_URL_FILE": "/run/secrets/database_url",
                "TASKFLOW_DATA_DIR": "/var/lib/taskflow",
                "TASKFLOW_OTLP_ENDPOINT": None,
            },
            "secrets": [{"source": "database_url", "target": "/run/secrets/database_url"}],
            "volumes": [{"type": "volume", "source": "key", "target": "/var/lib/taskflow"}],
            "healthcheck": {"test": ["CMD", "taskflow", "health", "api"]},
            "depends_on": {"postgres": {"condition": "service_healthy"}},
        },
        "api-dapr": {
            "image": "daprio/daprd:1.18.3",
            "command": [
                "/daprd",
                "--app-port=8100",
                "--metrics-port=9090",
                "--config=/dapr/c.yaml",
            ],
            "environment": {"TASKFLOW_KAFKA_BROKERS": "kafka:9092"},
            "env_file": [{"path": "/project/secrets/dapr.env", "required": True}],
            "volumes": [{"type": "bind", "source": "/project/k8s/dapr", "target": "/dapr"}],
            "network_mode": "service:api",
            "tmpfs": ["/tmp:size=64m,mode=1777"],  # noqa: S108 - a path in a container
        },
        "postgres": {"image": "postgres:18.3-trixie"},
        "postgres-old": {"image": "postgres:15"},
        "kafka": {
            "image": "apache/kafka:4.1.2",
            "entrypoint": ["/bin/sh", "/etc/taskflow/start.sh"],
            "healthcheck": {"test": ["CMD-SHELL", "nc -z 127.0.0.1 9092"]},
            "volumes": [{"type": "bind", "source": "/project/compose", "target": "/etc/taskflow"}],
        },
    },
}


@pytest.fixture
def composed() -> Composed:
    machine = Machine(
        port_of=lambda network, port: PORTS[network, port],
        secrets=Path("/here/secrets"),
        volumes=Path("/here/volumes"),
        programs={
            "taskflow": ["/here/python", "-m", "taskflow"],
            "/daprd": ["/here/daprd"],
            "/bin/sh": ["sh"],
        },
        read=lambda path: SECRETS[path.name],
    )
    return Composed(MODEL, machine)


def test_a_service_of_our_image_runs_the_program_of_this_machine(composed: Composed) -> None:
    process = composed.process("api")
    assert process.command == ["/here/python", "-m", "taskflow", "run", "api"]
    assert process.health == ["/here/python", "-m", "taskflow", "health", "api"]
    assert (process.network, process.after) == ("api", {"postgres": "service_healthy"})


def test_its_environment_has_the_ports_and_places_of_this_machine(composed: Composed) -> None:
    assert composed.process("api").environment == {
        "TASKFLOW_HOST": "127.0.0.1",
        "TASKFLOW_PORT_BASE": "21000",
        "TASKFLOW_DAPR_HTTP_PORT": "23500",
        "TASKFLOW_DATABASE_URL_FILE": "/here/secrets/url.txt",
        "TASKFLOW_DATA_DIR": "/here/volumes/key",
    }


def test_a_sidecar_shares_the_ports_of_its_service(composed: Composed) -> None:
    process = composed.process("api-dapr")
    assert process.network == "api"
    assert process.command == [
        "/here/daprd",
        "--app-port=21100",
        "--metrics-port=29090",
        "--config=/project/k8s/dapr/c.yaml",
    ]
    assert process.health is None


def test_what_a_file_of_variables_says_comes_before_what_the_service_says(
    composed: Composed,
) -> None:
    assert composed.process("api-dapr").environment == {
        "DAPR_API_TOKEN": "one=1",
        "APP_API_TOKEN": "two",
        "TASKFLOW_KAFKA_BROKERS": "127.0.0.1:29092",
    }


def test_an_entry_point_of_the_file_takes_the_place_of_the_images(composed: Composed) -> None:
    process = composed.process("kafka")
    assert process.command == ["sh", "/project/compose/start.sh"]
    assert process.health is None


def test_the_addresses_in_a_secret_become_those_of_this_machine(composed: Composed) -> None:
    secret = "postgresql://owner:postgres@postgres:5432/taskflow?then=postgres-old:5432"  # noqa: S105
    assert composed.text(secret) == (
        "postgresql://owner:postgres@127.0.0.1:25432/taskflow?then=127.0.0.1:25433"
    )
    assert composed.text("my-kafka:9092 kafka:9092a x.kafka:9092") == (
        "my-kafka:9092 kafka:9092a x.kafka:9092"
    )


def test_only_whole_paths_are_places(composed: Composed) -> None:
    text = "/dapr/c.yaml /daprd /other/dapr /dapr.bak /dapr /tmp/x"
    assert composed.text_of("api-dapr", text) == (
        "/project/k8s/dapr/c.yaml /daprd /other/dapr /dapr.bak /project/k8s/dapr "
        "/here/volumes/api-dapr-tmp/x"
    )


def test_a_port_that_nobody_chose_and_a_program_that_is_not_here_are_named(
    composed: Composed,
) -> None:
    with pytest.raises(KeyError, match="api"):
        composed.text("api:1234")
    with pytest.raises(KeyError, match="postgres"):
        composed.process("postgres")


def test_images_are_known_by_their_names() -> None:
    assert image_of({"image": "registry.example:5000/owner/taskflow:0.1.0"}) == "taskflow"
    assert image_of({"image": "redis@sha256:00"}) == "redis"


def test_variables_are_read_line_by_line() -> None:
    assert parse_env("# none\n A=1 \nB=x=y\n\n") == {"A": "1", "B": "x=y"}
