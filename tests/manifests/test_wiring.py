"""Ports, paths, names and addresses are those of the code."""

from ipaddress import ip_address
from typing import Any

import pytest
import yaml
from tests.manifests.rendering import (
    K8S,
    SERVICE,
    Manifest,
    component,
    container,
    environment,
    of_kind,
    pods,
)

from taskflow.base.settings import SECRETS, Settings
from taskflow.cli.topics import topics_script
from taskflow.runner.processes import MODULES, load

# From the tracing of the distributed size; read by taskflow.chassis.tracing.
OTLP_ENDPOINT = "TASKFLOW_OTLP_ENDPOINT"
NEED_REDIS = {"reminder", "notification"}


def _services(manifests: tuple[Manifest, ...]) -> dict[str, Manifest]:
    return {name: pod for name, pod in pods(manifests).items() if component(pod) == SERVICE}


def test_each_service_runs_under_its_name_at_its_port(manifests: tuple[Manifest, ...]) -> None:
    settings = Settings.load()
    for name, pod in _services(manifests).items():
        one, offset = container(pod), load(name).port_offset
        assert one["args"] == ["run", name]
        assert one["ports"] == [{"name": "http", "containerPort": settings.port(offset)}]
        (port,) = of_kind(manifests, "Service")[name]["spec"]["ports"]
        assert (port["port"], port["targetPort"]) == (settings.port(offset), "http")
        assert pod["spec"]["serviceAccountName"] == name
        assert of_kind(manifests, "ServiceAccount")[name]["automountServiceAccountToken"] is False


def test_each_sidecar_delivers_to_the_loopback_listener_of_its_service(
    manifests: tuple[Manifest, ...],
) -> None:
    settings = Settings.load()
    for name, pod in _services(manifests).items():
        given = pod["metadata"]["annotations"]
        assert given["dapr.io/enabled"] == "true"
        assert given["dapr.io/app-id"] == name
        assert given["dapr.io/app-port"] == str(settings.internal_port(load(name).port_offset))
        assert not [one for one in given if "app-health" in one], "see docs/operate/dapr.md"
        assert given["dapr.io/sidecar-listen-addresses"] == "127.0.0.1"
        assert given["dapr.io/config"] in of_kind(manifests, "Configuration")


def test_every_variable_is_a_setting(manifests: tuple[Manifest, ...]) -> None:
    known = {f"TASKFLOW_{name.upper()}" for name in Settings.model_fields}
    known |= {f"TASKFLOW_{name.upper()}_FILE" for name in SECRETS} | {OTLP_ENDPOINT}
    given = {
        name
        for pod in pods(manifests).values()
        for name in environment(pod, manifests)
        if name.startswith("TASKFLOW_")
    }
    assert given <= known
    assert {"TASKFLOW_BUS", "TASKFLOW_HOST", "TASKFLOW_DATABASE_URL_FILE"} <= given


def test_the_variables_are_values_that_the_settings_take(
    manifests: tuple[Manifest, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for pod in _services(manifests).values():
        for name, value in environment(pod, manifests).items():
            if not name.endswith("_FILE"):
                monkeypatch.setenv(name, value)
        settings = Settings.load()
        assert (settings.bus, settings.log_format) == ("dapr", "json")
        assert ip_address(settings.host).is_unspecified
        assert settings.trusted_proxies == 1


def test_every_file_that_a_variable_names_is_mounted(manifests: tuple[Manifest, ...]) -> None:
    for name, pod in pods(manifests).items():
        named = {
            path
            for variable, path in environment(pod, manifests).items()
            if path.startswith("/run/")
        }
        assert named <= _mounted(pod), name
        assert named or component(pod) != SERVICE, name


def test_only_the_task_api_has_the_key_that_signs(manifests: tuple[Manifest, ...]) -> None:
    path = f"{_data_dir(manifests)}/keys/signing-key.pem"
    holders = [name for name, pod in pods(manifests).items() if path in _mounted(pod)]
    assert holders == [name for name in MODULES if load(name).signs]
    volumes = of_kind(manifests, "Deployment")["task-api"]["spec"]["template"]["spec"]["volumes"]
    (keys,) = [one for one in volumes if one["name"] == "keys"]
    assert keys["projected"]["defaultMode"] == 0o440


def test_redis_is_known_to_those_who_need_it(manifests: tuple[Manifest, ...]) -> None:
    knowing = {
        name
        for name, pod in _services(manifests).items()
        if "TASKFLOW_REDIS_URL_FILE" in environment(pod, manifests)
    }
    assert knowing == NEED_REDIS


def test_the_front_door_sends_each_prefix_to_its_service(manifests: tuple[Manifest, ...]) -> None:
    routes = _routes(manifests)
    claimed = {prefix: name for name in MODULES for prefix in load(name).prefixes}
    found = {
        prefix: max((path for path in routes if _matches(prefix, path)), key=len)
        for prefix in claimed
    }
    assert {prefix: routes[path] for prefix, path in found.items()} == claimed
    assert routes["/"] == "task-api"


def test_links_in_messages_lead_to_the_front_door(manifests: tuple[Manifest, ...]) -> None:
    hosts = {
        rule["host"]
        for ingress in of_kind(manifests, "Ingress").values()
        for rule in ingress["spec"]["rules"]
    }
    (host,) = hosts
    known = environment(pods(manifests)["reminder"], manifests)
    assert known["TASKFLOW_PUBLIC_URL"] == f"https://{host}"


def test_the_stream_goes_out_unbuffered_and_may_last(manifests: tuple[Manifest, ...]) -> None:
    streams = of_kind(manifests, "Ingress")["taskflow-streams"]
    given = streams["metadata"]["annotations"]
    prefix = "nginx.ingress.kubernetes.io"
    assert given[f"{prefix}/proxy-buffering"] == "off"
    assert (
        float(given[f"{prefix}/proxy-read-timeout"]) > 10 * Settings.load().stream_heartbeat_seconds
    )
    (rule,) = streams["spec"]["rules"]
    assert [one["path"] for one in rule["http"]["paths"]] == ["/api/v1/notifications"]


def test_the_front_door_speaks_tls_only_and_keeps_figures_in(
    manifests: tuple[Manifest, ...],
) -> None:
    doors = of_kind(manifests, "Ingress")
    for name, door in doors.items():
        hosts = [rule["host"] for rule in door["spec"]["rules"]]
        assert hosts == [host for one in door["spec"]["tls"] for host in one["hosts"]], name
        given = door["metadata"]["annotations"]
        assert given["nginx.ingress.kubernetes.io/force-ssl-redirect"] == "true", name
    private = doors["taskflow-private"]
    allowed = "nginx.ingress.kubernetes.io/whitelist-source-range"
    assert private["metadata"]["annotations"][allowed] == "127.0.0.1/32"
    paths = {one["path"] for one in private["spec"]["rules"][0]["http"]["paths"]}
    assert paths == {"/metrics", "/health/ready"}


def test_the_topics_job_runs_what_the_command_line_prints(manifests: tuple[Manifest, ...]) -> None:
    assert (K8S / "base" / "create-topics.sh").read_text() == topics_script() + "\n"
    (script,) = [
        one["data"]["create-topics.sh"]
        for name, one in of_kind(manifests, "ConfigMap").items()
        if name.startswith("create-topics")
    ]
    assert script == topics_script() + "\n"


def test_the_same_dapr_files_serve_a_sidecar_without_kubernetes() -> None:
    listed = yaml.safe_load((K8S / "dapr" / "kustomization.yaml").read_text())["resources"]
    others = {path.name for path in (K8S / "dapr").iterdir()} - {"kustomization.yaml"}
    assert set(listed) == others


def _data_dir(manifests: tuple[Manifest, ...]) -> str:
    return environment(pods(manifests)["task-api"], manifests)["TASKFLOW_DATA_DIR"]


def _mounted(pod: Manifest) -> set[str]:
    """The path of every file that stands in a pod from a Secret."""
    places = {one["name"]: one["mountPath"] for one in container(pod)["volumeMounts"]}
    found: set[str] = set()
    for volume in pod["spec"]["volumes"]:
        sources = [one["secret"] for one in volume.get("projected", {}).get("sources", [])]
        items: list[dict[str, Any]] = [item for one in sources for item in one["items"]]
        items += volume.get("secret", {}).get("items", [])
        found |= {f"{places[volume['name']]}/{item['path']}" for item in items}
    return found


def _routes(manifests: tuple[Manifest, ...]) -> dict[str, str]:
    return {
        path["path"]: path["backend"]["service"]["name"]
        for door in of_kind(manifests, "Ingress").values()
        for rule in door["spec"]["rules"]
        for path in rule["http"]["paths"]
    }


def _matches(path: str, prefix: str) -> bool:
    return prefix in ("/", path) or path.startswith(f"{prefix}/")
