"""What is rendered is what Kubernetes and Dapr know: an unknown field is an error, not ignored."""

import copy
import re
from functools import cache
from typing import Any

import jsonschema_rs
import kubernetes_validate
import pytest
import yaml
from tests.manifests.rendering import Manifest, made, of_kind, pods, rendered

OLDEST, NEWEST = "1.32", "1.37"
DAPR_FILES = {
    "Component": "components.yaml",
    "Configuration": "configuration.yaml",
    "Resiliency": "resiliency.yaml",
    "Subscription": "subscription.yaml",
}
# Read by Dapr itself, in front of every pub/sub component.
DAPR_SCOPES = {"protectedTopics", "publishingScopes", "subscriptionScopes"}


@cache
def dapr_schema(kind: str, version: str) -> jsonschema_rs.Validator:
    """The schema of a kind of Dapr's, out of its definition, closed to unknown fields."""
    text = (made("dapr_definitions") / DAPR_FILES[kind]).read_text()
    definition = next(one for one in yaml.safe_load_all(text) if one)
    versions = {one["name"]: one for one in definition["spec"]["versions"]}
    return jsonschema_rs.validator_for(_closed(versions[version]["schema"]["openAPIV3Schema"]))


def _closed(schema: Any) -> Any:
    """Refuse what is not named, wherever something is."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        closed["additionalProperties"] = False
    return closed


def is_daprs(manifest: Manifest) -> bool:
    return str(manifest["apiVersion"]).startswith("dapr.io/")


def complaints(manifest: Manifest) -> list[str]:
    validator = dapr_schema(manifest["kind"], manifest["apiVersion"].partition("/")[2])
    return [f"{one.instance_path}: {one.message}" for one in validator.iter_errors(manifest)]


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_knows_every_field(manifests: tuple[Manifest, ...], version: str) -> None:
    own = [one for one in manifests if not is_daprs(one)]
    assert [kubernetes_validate.validate(one, version, strict=True) for one in own] == (
        [version] * len(own)
    )


def test_kubernetes_refuses_a_field_that_it_does_not_know(dev: tuple[Manifest, ...]) -> None:
    broken = copy.deepcopy(of_kind(dev, "Deployment")["task-api"])
    broken["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, NEWEST, strict=True)


def test_dapr_knows_every_field(manifests: tuple[Manifest, ...]) -> None:
    found = {one["metadata"]["name"]: complaints(one) for one in manifests if is_daprs(one)}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    assert len(found) > len(DAPR_FILES)


def test_dapr_refuses_a_field_that_it_does_not_know(dev: tuple[Manifest, ...]) -> None:
    broken = copy.deepcopy(of_kind(dev, "Subscription")["reminder-created"])
    broken["spec"]["deadLettersTopic"] = "taskflow.dlq.reminder"
    assert complaints(broken) != []


def test_the_kafka_component_knows_every_setting(manifests: tuple[Manifest, ...]) -> None:
    source = (made("dapr_definitions") / "kafka.go").read_text()
    known = set(re.findall(r'mapstructure:"(\w+)"', source)) | DAPR_SCOPES
    given = [
        one["name"]
        for one in of_kind(manifests, "Component")["taskflow-pubsub"]["spec"]["metadata"]
    ]
    assert set(given) <= known
    assert len(given) == len(set(given))


def test_dapr_knows_every_annotation(manifests: tuple[Manifest, ...]) -> None:
    source = (made("dapr_definitions") / "annotations.go").read_text()
    known = set(re.findall(r'"(dapr\.io/[\w-]+)"', source))
    given = {
        name
        for pod in pods(manifests).values()
        for name in pod["metadata"].get("annotations", {})
        if name.startswith("dapr.io/")
    }
    assert given <= known
    assert "dapr.io/enabled" in given


def test_both_components_can_be_added_to_an_overlay(production: tuple[Manifest, ...]) -> None:
    assert "to-collector" in of_kind(production, "NetworkPolicy")
    monitored = rendered("../tests/manifests/monitored")
    endpoints = of_kind(monitored, "PodMonitor")["taskflow"]["spec"]["podMetricsEndpoints"]
    assert [one["port"] for one in endpoints] == ["http", "dapr-metrics"]
