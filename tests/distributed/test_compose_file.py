"""docker-compose.yaml: accepted by the specification's loader, and held to what it promises."""

import os
import re
import stat
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.distributed import compose_file
from tests.distributed.composed import parse_env
from tests.distributed.programs import ROOT

from taskflow.base.settings import Settings, unknown_variables
from taskflow.cli.topics import topics_script
from taskflow.events.topics import CONSUMERS
from taskflow.runner.processes import MODULES, port_offset

Service = dict[str, Any]
JOBS = {"topics", "migrate", "signing-key"}
# What is started by hand, and what a profile adds.
ON_DEMAND = {"operator"}
# One program each, and nothing in the image to ask it with: the health of a sidecar is part of the
# readiness of its service, and nothing waits for the two that trace.
MUTE = {f"{name}-dapr" for name in MODULES} | {"otel-collector", "jaeger"}
ORIGIN, WATCHING = {"nginx"}, {"prometheus", "grafana", "jaeger"}
STORES = {"postgres", "redis", "kafka"}
OURS = {"taskflow", "taskflow-operator"}
PLAIN_SECRET = re.compile(r"(?i)(password|token|secret|_key|(?<!public)_url)(?!.*_file)")


@pytest.fixture(scope="session")
def model() -> dict[str, Any]:
    """What the loader makes of the file."""
    return compose_file.load()


@pytest.fixture(scope="session")
def services(model: dict[str, Any]) -> dict[str, Service]:
    """Its services by name."""
    found: dict[str, Service] = model["services"]
    return found


def test_the_loader_refuses_what_the_specification_does_not_know(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("services: {a: {image: b, memory_limits: 1g}}")
    with pytest.raises(AssertionError, match="memory_limits"):
        compose_file.load(wrong)
    wrong.write_text("services: {a: {image: b, depends_on: [c]}}")
    with pytest.raises(AssertionError, match="undefined service"):
        compose_file.load(wrong)


def test_every_service_of_ours_is_there_with_a_sidecar_of_its_own(
    services: dict[str, Service],
) -> None:
    for name in MODULES:
        assert services[name]["command"] == ["run", name]
        sidecar = services[f"{name}-dapr"]
        assert sidecar["network_mode"] == f"service:{name}"
        assert f"--app-id={name}" in sidecar["command"]
        assert f"--app-port={8100 + port_offset(name)}" in sidecar["command"]
    assert set(services) == (
        set(MODULES) | MUTE | JOBS | ON_DEMAND | STORES | ORIGIN | {"prometheus", "grafana"}
    )


def test_sidecars_differ_in_their_service_alone(services: dict[str, Service]) -> None:
    commands = {
        tuple(
            one
            for one in services[f"{name}-dapr"]["command"]
            if not one.startswith(("--app-id=", "--app-port="))
        )
        for name in MODULES
    }
    assert len(commands) == 1
    arguments = commands.pop()
    assert "--config=/dapr/configuration.yaml" in arguments
    assert (ROOT / "k8s" / "dapr" / "configuration.yaml").is_file()
    assert "--dapr-listen-addresses=127.0.0.1" in arguments
    assert "--dapr-internal-grpc-listen-address=127.0.0.1" in arguments
    assert not [one for one in arguments if "app-health" in one], "see docs/operate/dapr.md"


def test_whatever_stays_up_says_whether_it_is_well(services: dict[str, Service]) -> None:
    for name in set(services) - JOBS - ON_DEMAND:
        check = services[name].get("healthcheck", {})
        if name in MUTE:
            assert not check, name
            continue
        assert check["test"][0] in ("CMD", "CMD-SHELL"), name
        assert {"interval", "timeout", "retries", "start_period", "start_interval"} <= set(check)
    for name in MODULES:
        assert services[name]["healthcheck"]["test"] == [
            "CMD", "taskflow", "health", name, "--whole",
        ]  # fmt: skip


def test_every_container_is_bounded_and_may_do_nothing(services: dict[str, Service]) -> None:
    for name, service in services.items():
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "cap_add" not in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name
        assert service["restart"] == restart_of(name), name


def restart_of(name: str) -> str:
    """What becomes of a container that ends."""
    if name in ON_DEMAND:
        return "no"
    return "on-failure:5" if name in JOBS else "unless-stopped"


def test_images_are_of_one_exact_version(services: dict[str, Service]) -> None:
    versions: dict[str, set[str]] = {}
    for name, service in services.items():
        image, _, tag = service["image"].rpartition(":")
        assert re.match(r"v?\d+\.\d+", tag), name
        versions.setdefault(image, set()).add(tag)
    assert all(len(tags) == 1 for tags in versions.values()), versions
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert versions["taskflow"] == versions["taskflow-operator"] == {project["version"]}


def test_nothing_is_published_beyond_this_machine(services: dict[str, Service]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == ORIGIN | WATCHING
    assert {port["host_ip"] for ports in published.values() for port in ports} == {"127.0.0.1"}


def test_stores_are_in_a_network_without_a_way_out(
    model: dict[str, Any], services: dict[str, Service]
) -> None:
    assert model["networks"]["data"]["internal"] is True
    for name in STORES:
        assert set(services[name]["networks"]) == {"data"}
    for name in ORIGIN | WATCHING:
        assert "data" not in services[name]["networks"]


def test_every_order_is_a_condition(services: dict[str, Service]) -> None:
    for name, service in services.items():
        for other, dependency in service.get("depends_on", {}).items():
            expected = {"service_completed_successfully"} if other in JOBS else {"service_healthy"}
            if other in MUTE or service.get("network_mode") == f"service:{other}":
                expected = {"service_started"}
            assert dependency["condition"] in expected, (name, other)


def test_every_job_is_waited_for_by_something_that_stays(services: dict[str, Service]) -> None:
    """`docker compose up --wait` takes the end of any other for a failure."""
    waited = {
        other
        for name in set(services) - JOBS - ON_DEMAND
        for other in services[name].get("depends_on", {})
    }
    assert waited >= JOBS
    assert all("profiles" not in services[name] for name in JOBS)


def test_links_in_messages_lead_to_the_origin(services: dict[str, Service]) -> None:
    (door,), known = services["nginx"]["ports"], services["reminder"]["environment"]
    assert known["TASKFLOW_PUBLIC_URL"] == f"https://localhost:{door['published']}"


def test_no_secret_is_in_the_file(model: dict[str, Any], services: dict[str, Service]) -> None:
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            is_secret = PLAIN_SECRET.search(variable)
            # What has no value there is the operator's to give.
            is_given = value is None or str(value).startswith("/run/secrets/")
            assert not is_secret or is_given, (name, variable)
        for one in service.get("env_file", ()):
            assert Path(one["path"]) == ROOT / "secrets" / "dapr.env"
    folders = {Path(secret["file"]).parent for secret in model["secrets"].values()}
    assert folders == {ROOT / "secrets"}


def test_only_what_needs_a_secret_is_given_it(services: dict[str, Service]) -> None:
    holders: dict[str, set[str]] = {}
    for name, service in services.items():
        for secret in service.get("secrets", ()):
            assert secret["target"] == f"/run/secrets/{secret['source']}"
            holders.setdefault(secret["source"], set()).add(name)
    assert holders["signing_key"] == {"signing-key"}
    assert holders["verifying_key"] == set(CONSUMERS)
    assert holders["database_url"] == set(MODULES)
    assert holders["database_owner_url"] == {"migrate", "operator"}
    assert holders["redis_url"] == {"reminder", "notification"}
    assert holders["web_push_key"] == {"reminder"}
    assert holders["tls_key"] == {"nginx"}
    with_key = {
        name
        for name, service in services.items()
        for volume in service.get("volumes", ())
        if volume["source"] == "signing-key"
    }
    assert with_key == {"signing-key", "task-api", "operator"}


def test_settings_are_those_that_there_are(
    services: dict[str, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("TASKFLOW_")]:
        monkeypatch.delenv(name)
    for name in (*MODULES, "migrate", "operator"):
        environment = services[name]["environment"]
        given = {key: value for key, value in environment.items() if value is not None}
        for key, value in given.items():
            monkeypatch.setenv(key, value)
        assert unknown_variables() == {}, name
        for key in given:
            monkeypatch.delenv(key)
        assert {key.removesuffix("_FILE").removeprefix("TASKFLOW_").lower() for key in given} <= (
            set(Settings.model_fields)
        )


def test_the_topics_job_makes_the_topics_of_this_version(services: dict[str, Service]) -> None:
    job = services["topics"]
    assert job["entrypoint"] == ["/bin/sh", "/etc/taskflow/create-topics.sh"]
    script = ROOT / "compose" / "kafka" / "create-topics.sh"
    assert script.read_text() == topics_script() + "\n", (
        "run: taskflow topics script > compose/kafka/create-topics.sh"
    )


def test_every_file_that_is_mounted_is_in_the_project(services: dict[str, Service]) -> None:
    for name, service in services.items():
        for volume in service.get("volumes", ()):
            if volume["type"] != "bind" or volume["target"] == "/backups":
                continue
            assert Path(volume["source"]).exists(), (name, volume["source"])
            assert volume["read_only"] is True, (name, volume["source"])
            assert volume["bind"]["create_host_path"] is False, (name, volume["source"])


def test_the_broker_is_told_the_name_and_port_that_everybody_uses(
    services: dict[str, Service],
) -> None:
    properties = parse_env((ROOT / "compose" / "kafka" / "server.properties").read_text())
    assert "PLAINTEXT://kafka:9092" in properties["advertised.listeners"].split(",")
    assert properties["auto.create.topics.enable"] == "false"
    assert services["topics"]["environment"]["KAFKA_BOOTSTRAP_SERVERS"] == "kafka:9092"
    for name in MODULES:
        assert services[f"{name}-dapr"]["environment"]["TASKFLOW_KAFKA_BROKERS"] == "kafka:9092"


def test_secrets_are_made_once_for_the_owner_alone_and_never_shown(
    model: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "secrets"
    command = [str(ROOT / "scripts" / "make_secrets.sh"), str(folder)]
    first = subprocess.run(command, capture_output=True, text=True, check=True)
    files = {path.name: path.read_text().strip() for path in folder.iterdir()}
    wanted = {Path(secret["file"]).name for secret in model["secrets"].values()} | {"dapr.env"}
    assert set(files) == wanted
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o644}
    told = first.stdout + first.stderr
    assert not [name for name, secret in files.items() if secret in told]
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "nothing to do" in again.stdout
    assert {path.name: path.read_text().strip() for path in folder.iterdir()} == files
    assert len(set(files.values())) == len(files)


def test_a_secret_that_was_deleted_is_made_anew_alone(tmp_path: Path) -> None:
    command = [str(ROOT / "scripts" / "make_secrets.sh"), str(tmp_path)]
    subprocess.run(command, capture_output=True, check=True)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for name in ("redis_password", "redis_url", "redis_users"):
        (tmp_path / name).unlink()
    subprocess.run(command, capture_output=True, check=True)
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"redis_password", "redis_url", "redis_users"}
    assert after["redis_password"].strip() in after["redis_url"]
    assert after["redis_password"].strip() not in after["redis_users"]


def test_the_operators_page_names_what_there_is(
    model: dict[str, Any], services: dict[str, Service]
) -> None:
    text = (ROOT / "docs" / "operate" / "compose.md").read_text()
    files = {Path(secret["file"]).name for secret in model["secrets"].values()} | {"dapr.env"}
    rows = re.findall(r"^\| [^|]+ \| ((?:`[\w.]+` ?)+) \|", text, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([\w.]+)`", row)} == files
    recreated = re.search(r"^B: .*?\n\n(.*?)\n\n", text, re.MULTILINE | re.DOTALL)
    assert recreated is not None
    assert set(re.findall(r"[\w-]+-dapr", recreated[1])) == {f"{name}-dapr" for name in MODULES}
    assert set(re.findall(r"[\w-]+-dapr", text)) <= set(services)
