"""Nobody reaches anybody unless a policy says so."""

from collections.abc import Iterator

from tests.manifests.rendering import SERVICE, Manifest, component, of_kind, pods

from taskflow.runner.processes import MODULES

METRICS_PORT = 9090
INGRESS, PROMETHEUS, DAPR = "ingress-nginx", "monitoring", "dapr-system"
Edge = tuple[str, int]
# Where people's reminders go, which is anywhere on the internet.
RECEIVERS = {(network, port) for network in ("0.0.0.0/0", "::/0") for port in (80, 443, 465, 587)}


def test_what_is_not_allowed_is_denied(manifests: tuple[Manifest, ...]) -> None:
    everything = of_kind(manifests, "NetworkPolicy")["deny-all"]["spec"]
    assert everything == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_no_rule_is_open_to_everybody_or_to_every_port(manifests: tuple[Manifest, ...]) -> None:
    for name, policy in of_kind(manifests, "NetworkPolicy").items():
        spec = policy["spec"]
        for rule in [*spec.get("ingress", []), *spec.get("egress", [])]:
            assert rule.get("from") or rule.get("to"), name
            assert rule["ports"], name


def test_a_service_is_entered_by_the_front_door_and_by_prometheus_alone(
    manifests: tuple[Manifest, ...],
) -> None:
    for offset, name in enumerate(MODULES):
        port = 8000 + offset
        assert set(_edges(manifests, name, "ingress")) == {
            (INGRESS, port),
            (PROMETHEUS, port),
            (PROMETHEUS, METRICS_PORT),
        }, name


def test_a_laptops_services_reach_what_they_need_and_nothing_else(
    dev: tuple[Manifest, ...],
) -> None:
    common = {("kube-dns", 53), (DAPR, 50001), (DAPR, 6500), ("postgres", 5432), ("kafka", 9092)}
    redis = {("redis", 6379)}
    found = {name: set(_edges(dev, name, "egress")) for name in MODULES}
    assert found == {
        name: common
        | (redis if name in ("reminder", "notification") else set())
        | (RECEIVERS if name == "reminder" else set())
        for name in MODULES
    }
    assert set(_edges(dev, "migrate", "egress")) == {("kube-dns", 53), ("postgres", 5432)}
    assert set(_edges(dev, "topics", "egress")) == {("kube-dns", 53), ("kafka", 9092)}


def test_productions_services_reach_what_they_need_and_nothing_else(
    production: tuple[Manifest, ...],
) -> None:
    network = "10.0.0.0/8"
    common = {("kube-dns", 53), (DAPR, 50001), (DAPR, 6500), (network, 5432), (network, 9093)}
    common |= {(PROMETHEUS, 4317), (PROMETHEUS, 4318)}
    redis = {(network, 6379)}
    found = {name: set(_edges(production, name, "egress")) for name in MODULES}
    assert found == {
        name: common
        | (redis if name in ("reminder", "notification") else set())
        | (RECEIVERS if name == "reminder" else set())
        for name in MODULES
    }
    for job in ("migrate", "backup"):
        assert set(_edges(production, job, "egress")) == {("kube-dns", 53), (network, 5432)}


def test_a_broker_is_entered_by_those_who_may_go_there(dev: tuple[Manifest, ...]) -> None:
    for broker in ("postgres", "redis", "kafka"):
        entering = {peer for peer, _ in _edges(dev, broker, "ingress")}
        going = {
            name
            for name in pods(dev)
            if broker in {peer for peer, _ in _edges(dev, name, "egress")}
        }
        assert entering == going, broker


def test_every_service_has_a_policy_of_its_own(manifests: tuple[Manifest, ...]) -> None:
    services = {name for name, pod in pods(manifests).items() if component(pod) == SERVICE}
    assert services <= set(of_kind(manifests, "NetworkPolicy"))


def _edges(manifests: tuple[Manifest, ...], name: str, way: str) -> Iterator[Edge]:
    """With whom a pod may speak, and at which port."""
    labels = pods(manifests)[name]["metadata"]["labels"]
    for policy in of_kind(manifests, "NetworkPolicy").values():
        if not _selects(policy["spec"]["podSelector"], labels):
            continue
        for rule in policy["spec"].get(way, []):
            for peer in rule["from" if way == "ingress" else "to"]:
                for one in _peers(peer):
                    yield from ((one, port["port"]) for port in rule["ports"])


def _selects(selector: Manifest, labels: dict[str, str]) -> bool:
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(
        labels.get(one["key"]) in one["values"] for one in selector.get("matchExpressions", [])
    )


def _peers(peer: Manifest) -> list[str]:
    """What a peer is called: a network, pods of ours or of another namespace, a namespace."""
    if "ipBlock" in peer:
        return [peer["ipBlock"]["cidr"]]
    if "podSelector" in peer:
        selector = peer["podSelector"]
        named = [value for one in selector.get("matchExpressions", []) for value in one["values"]]
        return named or list(selector["matchLabels"].values())
    return list(peer["namespaceSelector"]["matchLabels"].values())
