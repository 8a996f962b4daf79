"""What holds of every pod, whoever adds one."""

import re
from importlib.metadata import version

from tests.manifests.rendering import (
    BROKER,
    JOB,
    SERVICE,
    Manifest,
    component,
    container,
    of_kind,
    pods,
)

from taskflow.runner.hosting import STOP_SECONDS
from taskflow.runner.processes import MODULES
from taskflow.runner.server import GRACE_SECONDS

OUR_ACCOUNT = 10001
PRODUCT_STOPS_WITHIN = 10


def _of(manifests: tuple[Manifest, ...], *components: str) -> dict[str, Manifest]:
    return {name: pod for name, pod in pods(manifests).items() if component(pod) in components}


def test_everything_that_runs_is_known(
    production: tuple[Manifest, ...], dev: tuple[Manifest, ...]
) -> None:
    assert set(pods(production)) == {*MODULES, "migrate", "topics", "backup"}
    assert set(pods(dev)) - set(pods(production)) == {"postgres", "redis", "kafka"}


def test_nobody_has_rights_that_are_not_needed(manifests: tuple[Manifest, ...]) -> None:
    for name, pod in pods(manifests).items():
        spec, one = pod["spec"], container(pod)
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] >= 999, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert spec["automountServiceAccountToken"] is False, name
        assert not spec.get("hostNetwork"), name
        if one["name"] == "taskflow":
            assert spec["securityContext"]["runAsUser"] == OUR_ACCOUNT, name


def test_the_namespace_refuses_whatever_asks_for_more(manifests: tuple[Manifest, ...]) -> None:
    (namespace,) = of_kind(manifests, "Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {one["metadata"].get("namespace", "taskflow") for one in manifests} == {"taskflow"}


def test_every_container_says_what_it_needs_and_what_it_may_take(
    manifests: tuple[Manifest, ...],
) -> None:
    for name, pod in pods(manifests).items():
        resources = container(pod)["resources"]
        assert set(resources["requests"]) == {"cpu", "memory"}, name
        assert set(resources["limits"]) == {"memory"}, name
        if component(pod) == SERVICE:
            annotations = pod["metadata"]["annotations"]
            limits = ("cpu-request", "memory-request", "memory-limit")
            assert all(annotations[f"dapr.io/sidecar-{one}"] for one in limits), name


def test_every_image_has_its_version(manifests: tuple[Manifest, ...]) -> None:
    images = {container(pod)["image"] for pod in pods(manifests).values()}
    images |= {
        pod["metadata"]["annotations"]["dapr.io/sidecar-image"]
        for pod in _of(manifests, SERVICE).values()
    }
    assert [one for one in images if not re.search(r":\d+\.\d+\.?\d*[\w.-]*$", one)] == []
    assert f"taskflow:{version('taskflow')}" in images


def test_what_serves_is_probed(manifests: tuple[Manifest, ...]) -> None:
    for name, pod in _of(manifests, SERVICE, BROKER).items():
        probes = [container(pod)[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")]
        assert all(one["timeoutSeconds"] >= 3 for one in probes), name


def test_a_service_joins_when_it_has_all_and_stays_when_something_goes(
    manifests: tuple[Manifest, ...],
) -> None:
    for name, pod in _of(manifests, SERVICE).items():
        one = container(pod)
        paths = {kind: one[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness")}
        assert paths == {"startup": "/health/ready", "readiness": "/health/live"}, name
        assert one["livenessProbe"]["httpGet"] == {"path": "/health/live", "port": "http"}, name


def test_a_version_that_does_not_start_is_given_up_within_five_minutes(
    manifests: tuple[Manifest, ...],
) -> None:
    for name, one in of_kind(manifests, "Deployment").items():
        assert one["spec"]["progressDeadlineSeconds"] <= 300, name
        rolling = one["spec"]["strategy"]["rollingUpdate"]
        assert rolling == {"maxUnavailable": 0, "maxSurge": 1}, name


def test_there_is_time_to_leave_in_order(manifests: tuple[Manifest, ...]) -> None:
    assert STOP_SECONDS + 1 <= PRODUCT_STOPS_WITHIN
    assert GRACE_SECONDS < STOP_SECONDS
    for name, pod in _of(manifests, SERVICE).items():
        annotations = pod["metadata"]["annotations"]
        before = container(pod)["lifecycle"]["preStop"]["sleep"]["seconds"]
        blocked = int(annotations["dapr.io/block-shutdown-duration"].removesuffix("s"))
        sidecar = int(annotations["dapr.io/graceful-shutdown-seconds"])
        assert blocked >= before + PRODUCT_STOPS_WITHIN, name
        assert pod["spec"]["terminationGracePeriodSeconds"] > blocked + sidecar, name


def test_replicas_of_a_service_are_on_different_nodes(manifests: tuple[Manifest, ...]) -> None:
    for name, pod in _of(manifests, SERVICE).items():
        spread = pod["spec"]["topologySpreadConstraints"]
        assert {one["topologyKey"]: one["whenUnsatisfiable"] for one in spread} == {
            "kubernetes.io/hostname": "DoNotSchedule",
            "topology.kubernetes.io/zone": "ScheduleAnyway",
        }, name
        own = set(pod["metadata"]["labels"])
        assert all("app.kubernetes.io/name" in one["matchLabelKeys"] for one in spread), name
        assert all(set(one["labelSelector"]["matchLabels"]) <= own for one in spread), name


def test_production_has_three_of_each_service_and_a_laptop_one(
    production: tuple[Manifest, ...], dev: tuple[Manifest, ...]
) -> None:
    assert _replicas(production) == dict.fromkeys(MODULES, 3)
    assert _replicas(dev) == dict.fromkeys(MODULES, 1)


def test_draining_a_node_takes_one_replica_at_a_time(manifests: tuple[Manifest, ...]) -> None:
    budgets = of_kind(manifests, "PodDisruptionBudget")
    assert set(budgets) == set(MODULES)
    for name, budget in budgets.items():
        assert budget["spec"]["maxUnavailable"] == 1
        assert budget["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/name": name}


def test_a_job_ends(manifests: tuple[Manifest, ...]) -> None:
    jobs = {name: one["spec"] for name, one in of_kind(manifests, "Job").items()}
    for name, one in of_kind(manifests, "CronJob").items():
        jobs[name] = one["spec"]["jobTemplate"]["spec"]
    assert set(_of(manifests, JOB)) == set(jobs)
    assert all(one["activeDeadlineSeconds"] for one in jobs.values())


def _replicas(manifests: tuple[Manifest, ...]) -> dict[str, int]:
    """How many of each service there are at least, by its own number or its autoscaler's."""
    scalers = {
        one["spec"]["scaleTargetRef"]["name"]: one["spec"]["minReplicas"]
        for one in of_kind(manifests, "HorizontalPodAutoscaler").values()
    }
    declared = {
        name: one["spec"]["replicas"]
        for name, one in of_kind(manifests, "Deployment").items()
        if "replicas" in one["spec"]
    }
    assert not set(scalers) & set(declared), "applying would undo what the autoscaler did"
    return scalers | declared
