"""Who publishes and reads what is what docs/operate/dapr.md says; the numbers fit the code's."""

import re
from typing import Any

import yaml
from tests.manifests.rendering import K8S, ROOT, Manifest, of_kind

from taskflow.bus.deliveries import ATTEMPTS, BULK, CALL_SECONDS, DEAD_LETTERS, EVENTS
from taskflow.bus.sidecar import MOST_ENTRIES, PUBSUB, TIMEOUT_SECONDS
from taskflow.events.topics import CONSUMERS, broker_topics, dead_letter_topic
from taskflow.runner.processes import MODULES, load

REBALANCE_SECONDS = 60
BATCHING = "audit-logger"
Scopes = dict[str, set[str]]


def _documented() -> tuple[Scopes, Scopes]:
    """What each app publishes and reads, out of the table of the page."""
    page = (ROOT / "docs" / "operate" / "dapr.md").read_text()
    publishing: Scopes = {name: set() for name in MODULES}
    reading: Scopes = {name: set() for name in MODULES}
    for topic, writers, readers in re.findall(
        r"^\| `(taskflow\.[\w.-]+)` \| (.*?) \| (.*?) \|", page, re.MULTILINE
    ):
        for name in re.findall(r"[\w-]+", writers):
            publishing[name].add(topic)
        for name in re.findall(r"[\w-]+", readers):
            reading[name].add(topic)
    return publishing, reading


def _settings(manifests: tuple[Manifest, ...]) -> dict[str, str]:
    spec = of_kind(manifests, "Component")[PUBSUB]["spec"]
    return {one["name"]: one.get("value", "") for one in spec["metadata"]}


def _scopes(text: str) -> Scopes:
    pairs = (one.partition("=") for one in text.split(";"))
    return {name: set(filter(None, topics.split(","))) for name, _, topics in pairs}


def _subscriptions(manifests: tuple[Manifest, ...]) -> list[tuple[str, dict[str, Any]]]:
    """Each subscription's app and what it says."""
    return [
        (app, one["spec"])
        for one in of_kind(manifests, "Subscription").values()
        for app in one["scopes"]
    ]


def test_every_topic_is_protected(manifests: tuple[Manifest, ...]) -> None:
    protected = _settings(manifests)["protectedTopics"].split(",")
    assert sorted(protected) == sorted(broker_topics())


def test_an_app_publishes_what_the_page_says_and_nothing_else(
    manifests: tuple[Manifest, ...],
) -> None:
    assert _scopes(_settings(manifests)["publishingScopes"]) == _documented()[0]


def test_an_app_reads_what_the_page_says_and_nothing_else(manifests: tuple[Manifest, ...]) -> None:
    reading = _documented()[1]
    assert _scopes(_settings(manifests)["subscriptionScopes"]) == reading
    subscribed: Scopes = {name: set() for name in MODULES}
    for app, spec in _subscriptions(manifests):
        assert spec["pubsubname"] == PUBSUB
        subscribed[app].add(spec["topic"])
    assert subscribed == reading


def test_the_page_agrees_with_the_services(manifests: tuple[Manifest, ...]) -> None:
    publishing, reading = _documented()
    assert {name for name, topics in reading.items() if topics} == set(CONSUMERS)
    for name in MODULES:
        events = {topic for topic in publishing[name] if topic.startswith("taskflow.tasks.")}
        assert bool(events) == (load(name).publishes is not None), name
        letters = {dead_letter_topic(name)} if name in CONSUMERS else set()
        assert publishing[name] - events == letters, name
    assert set(of_kind(manifests, "Component")[PUBSUB]["scopes"]) == set(MODULES)


def test_what_a_consumer_gives_up_goes_to_its_own_dead_letters(
    manifests: tuple[Manifest, ...],
) -> None:
    for app, spec in _subscriptions(manifests):
        if spec["topic"] == dead_letter_topic(app):
            assert spec["routes"] == {"default": DEAD_LETTERS}
            assert "deadLetterTopic" not in spec
        else:
            assert spec["routes"] == {"default": BULK if app == BATCHING else EVENTS}
            assert spec["deadLetterTopic"] == dead_letter_topic(app)


def test_only_the_audit_logger_takes_events_in_bulk(manifests: tuple[Manifest, ...]) -> None:
    for app, spec in _subscriptions(manifests):
        if app == BATCHING and spec["topic"] != dead_letter_topic(app):
            bulk = spec["bulkSubscribe"]
            assert bulk["enabled"] is True
            assert bulk["maxMessagesCount"] <= MOST_ENTRIES
            assert bulk["maxAwaitDurationMs"] <= 1000
        else:
            assert "bulkSubscribe" not in spec


def test_resiliency_stands_in_a_file_of_its_own() -> None:
    for path in (K8S / "dapr").glob("*.yaml"):
        kinds = [one["kind"] for one in yaml.safe_load_all(path.read_text())]
        assert "Resiliency" not in kinds or kinds == ["Resiliency"], path.name


def test_only_the_service_itself_gives_an_event_up(manifests: tuple[Manifest, ...]) -> None:
    policies, targets = _resiliency(manifests)
    retry = policies["retries"][targets["inbound"]["retry"]]
    assert retry["maxRetries"] == -1
    assert retry["policy"] == "constant", "an exponential one gives up after 15 minutes"


def test_what_fails_is_given_up_before_the_broker_takes_the_partition_away(
    manifests: tuple[Manifest, ...],
) -> None:
    policies, targets = _resiliency(manifests)
    inbound = targets["inbound"]
    timeout = _seconds(policies["timeouts"][inbound["timeout"]])
    retry = policies["retries"][inbound["retry"]]
    pauses = (ATTEMPTS - 1) * _seconds(retry["duration"])
    assert ATTEMPTS * timeout + pauses < REBALANCE_SECONDS
    assert timeout > CALL_SECONDS, "a call that was given up would go on"


def test_what_the_sidecar_cannot_read_reaches_us_all_the_same(
    manifests: tuple[Manifest, ...],
) -> None:
    for app, spec in _subscriptions(manifests):
        is_dead_letters = spec["topic"] == dead_letter_topic(app)
        assert spec.get("metadata") == ({"rawPayload": "true"} if is_dead_letters else None)


def test_no_circuit_breaker_stands_before_a_consumer(manifests: tuple[Manifest, ...]) -> None:
    policies, targets = _resiliency(manifests)
    assert set(targets["inbound"]) == {"timeout", "retry"}
    assert "circuitBreakers" not in policies


def test_the_sidecar_answers_a_publication_before_we_give_it_up(
    manifests: tuple[Manifest, ...],
) -> None:
    policies, targets = _resiliency(manifests)
    assert _seconds(policies["timeouts"][targets["outbound"]["timeout"]]) < TIMEOUT_SECONDS


def test_an_application_is_offered_publishing_and_metadata_alone(
    manifests: tuple[Manifest, ...],
) -> None:
    spec = of_kind(manifests, "Configuration")["taskflow"]["spec"]
    allowed = {(one["name"], one["protocol"]) for one in spec["api"]["allowed"]}
    assert allowed == {("publish", "http"), ("metadata", "http"), ("metadata", "grpc")}
    assert spec["accessControl"] == {"defaultAction": "deny"}


def test_production_speaks_to_kafka_by_tls_with_an_account(
    production: tuple[Manifest, ...],
) -> None:
    given = _settings(production)
    assert (given["authType"], given["saslMechanism"]) == ("password", "SHA-512")
    secret = {
        one["name"]
        for one in of_kind(production, "Component")[PUBSUB]["spec"]["metadata"]
        if "secretKeyRef" in one
    }
    assert secret == {"saslUsername", "saslPassword", "caCert"}
    assert not {"skipVerify", "disableTls"} & set(given)


def _resiliency(manifests: tuple[Manifest, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    spec = of_kind(manifests, "Resiliency")["taskflow-resiliency"]["spec"]
    return spec["policies"], spec["targets"]["components"][PUBSUB]


def _seconds(text: str) -> float:
    return float(text.removesuffix("s"))
