"""k8s/, rendered by the real kustomize, and Dapr's own definitions to hold it against."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / ".tools" / "engine"
K8S = ROOT / "k8s"
OVERLAYS = ("base", "overlays/dev", "overlays/production")
SERVICE, JOB, BROKER = "service", "job", "broker"

Manifest = dict[str, Any]


@cache
def made(part: str) -> Path:
    """The folder of a part of the engine, made when it is not there; skips where Go is missing."""
    folder = ENGINE / part
    if shutil.which("go") is None and not (folder / ".made-from").exists():
        reason = f"{part} cannot be made: install Go 1.26 or newer (Debian: golang)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    done = subprocess.run(
        [str(ROOT / "scripts" / "engine.sh"), part], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


@cache
def rendered(place: str) -> tuple[Manifest, ...]:
    """Every manifest that `kubectl apply -k k8s/<place>` would apply."""
    program = made("kustomize") / "kustomize"
    done = subprocess.run(
        [str(program), "build", str(K8S / place)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "kustomize warns"
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(manifests: tuple[Manifest, ...], *kinds: str) -> dict[str, Manifest]:
    """The manifests of these kinds by name."""
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] in kinds}


def pods(manifests: tuple[Manifest, ...]) -> dict[str, Manifest]:
    """The pod templates of everything that runs, by the name of what runs it."""
    running = of_kind(manifests, "Deployment", "StatefulSet", "Job")
    planned = of_kind(manifests, "CronJob")
    return {name: one["spec"]["template"] for name, one in running.items()} | {
        name: one["spec"]["jobTemplate"]["spec"]["template"] for name, one in planned.items()
    }


def component(pod: Manifest) -> str:
    """Whether a pod is of a service, a job or a broker."""
    role: str = pod["metadata"]["labels"]["app.kubernetes.io/component"]
    return role


def container(pod: Manifest) -> Manifest:
    """The one container of a pod."""
    (one,) = pod["spec"]["containers"]
    return dict(one)


def environment(pod: Manifest, manifests: tuple[Manifest, ...]) -> dict[str, str]:
    """The variables of a pod's container with plain values, from its ConfigMaps and its own."""
    one = container(pod)
    found: dict[str, str] = {}
    maps = of_kind(manifests, "ConfigMap")
    for source in one.get("envFrom", []):
        found |= maps[source["configMapRef"]["name"]]["data"]
    return found | {each["name"]: each["value"] for each in one.get("env", []) if "value" in each}


def secret_keys(manifests: tuple[Manifest, ...]) -> set[tuple[str, str]]:
    """Every Secret and key that something refers to."""
    found = {
        ("taskflow-tls", key)
        for ingress in of_kind(manifests, "Ingress").values()
        for each in ingress["spec"]["tls"]
        if each["secretName"] == "taskflow-tls"
        for key in ("tls.crt", "tls.key")
    }
    for pod in pods(manifests).values():
        found |= _annotated(pod["metadata"].get("annotations", {}))
        for volume in pod["spec"].get("volumes", []):
            found |= _mounted(volume)
        for each in container(pod).get("env", []):
            if reference := each.get("valueFrom", {}).get("secretKeyRef"):
                found.add((reference["name"], reference["key"]))
    for each in of_kind(manifests, "Component").values():
        references = [one.get("secretKeyRef") for one in each["spec"]["metadata"]]
        found |= {(one["name"], one["key"]) for one in references if one}
    return found


def _annotated(annotations: dict[str, str]) -> set[tuple[str, str]]:
    tokens = ("dapr.io/api-token-secret", "dapr.io/app-token-secret")
    found = {(annotations[name], "token") for name in tokens if name in annotations}
    for pair in filter(None, annotations.get("dapr.io/env-from-secret", "").split(",")):
        name, _, key = pair.partition("=")[2].partition(":")
        found.add((name, key))
    return found


def _mounted(volume: Manifest) -> set[tuple[str, str]]:
    sources = [one["secret"] for one in volume.get("projected", {}).get("sources", [])]
    found = {(one["name"], item["key"]) for one in sources for item in one["items"]}
    if secret := volume.get("secret"):
        found |= {(secret["secretName"], item["key"]) for item in secret["items"]}
    return found
