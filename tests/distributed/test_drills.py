"""What may go wrong with any part, under load: nothing is lost, and nothing happens twice."""

import json
import time
from collections.abc import Callable

import pytest
from tests.distributed.cluster import Cluster, together
from tests.distributed.load import Load, Origin
from tests.proof import prove

from taskflow.events.topics import CONSUMERS, TOPIC_OF
from taskflow.runner.processes import MODULES

PATIENCE_SECONDS = 90
TOLD = ("reminder", "notification", "audit-logger")


@pytest.fixture
def load(origin: Origin) -> Load:
    return Load(origin)


def proved(origin: Origin, load: Load) -> int:
    with origin.client(load.token) as user:
        return prove(user, load.done)


@pytest.mark.parametrize("part", ["service", "sidecar"])
@pytest.mark.parametrize("name", MODULES)
def test_a_killed_process(
    cluster: Cluster, origin: Origin, load: Load, name: str, part: str
) -> None:
    victim = getattr(cluster.replicas[name][0], part)
    with load.working():
        load.goes_on()
        victim.kill()
        load.goes_on()
        victim.start()
        load.goes_on()
    assert proved(origin, load) > 0


def test_a_killed_broker(cluster: Cluster, origin: Origin, load: Load) -> None:
    with load.working():
        load.goes_on()
        cluster.kafka.kill()
        load.goes_on(150)
        cluster.kafka.start()
        load.goes_on()
    cluster.revive()
    assert proved(origin, load) > 0


def test_a_killed_redis_that_has_forgotten_everything(
    cluster: Cluster, origin: Origin, load: Load
) -> None:
    with load.working():
        load.goes_on()
        cluster.redis.kill()
        load.goes_on(150)
        cluster.redis.start()
        load.goes_on()
    assert proved(origin, load) > 0


def test_a_killed_database(cluster: Cluster, origin: Origin, load: Load) -> None:
    with load.working():
        load.goes_on()
        cluster.postgres.kill()
        cluster.postgres.start()
        load.goes_on()
    cluster.revive()
    assert proved(origin, load) > 0


def test_an_event_that_is_none_on_every_topic(cluster: Cluster, origin: Origin, load: Load) -> None:
    before = {name: aside(cluster, name) for name in CONSUMERS}
    with load.working():
        for topic in TOPIC_OF.values():
            unread = f"{{ this is no event of {topic}"
            unknown = json.dumps({"id": f"none of {topic}", "data": None})
            cluster.kafka.produce(topic, unread, unknown)
        load.goes_on()
    assert proved(origin, load) > 0
    topics = dict.fromkeys(CONSUMERS, len(TOPIC_OF) - 1) | dict.fromkeys(TOLD, len(TOPIC_OF))
    expected = {name: before[name] + 2 * topics[name] for name in CONSUMERS}
    until(lambda: {name: aside(cluster, name) for name in CONSUMERS}, expected)


def test_a_consumer_that_is_away_for_a_while_sets_nothing_aside(
    cluster: Cluster, origin: Origin, load: Load
) -> None:
    before = aside(cluster, "audit-logger")
    replicas = cluster.replicas["audit-logger"]
    with load.working():
        load.goes_on()
        for one in replicas:
            one.service.kill()
        load.goes_on(300)
        together(*(one.service.start for one in replicas))
    assert proved(origin, load) > 0
    assert aside(cluster, "audit-logger") == before


def test_a_rolling_restart_fails_no_request(cluster: Cluster, origin: Origin, load: Load) -> None:
    with load.working():
        for name, replicas in cluster.replicas.items():
            for one in replicas:
                cluster.admit(name, [other.number for other in replicas if other is not one])
                one.stop()
                one.launch()
                one.wait_ready()
                cluster.admit(name, range(len(replicas)))
        load.goes_on()
    assert load.failures == []
    assert proved(origin, load) > 0


def aside(cluster: Cluster, name: str) -> float:
    """How many events of a consumer are set aside."""
    return cluster.replicas[name][0].figure("taskflow_dead_letters_waiting")


def until(told: Callable[[], object], expected: object = True) -> None:  # noqa: FBT002 - a value
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (present := told()) != expected:
        assert time.monotonic() < deadline, f"{present} never became {expected}"
        time.sleep(0.1)
