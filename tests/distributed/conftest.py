"""What the tests by hand share: one system on one Kafka, telling one collector, and one stage."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.collector import Collector
from tests.distributed.cluster import Cluster
from tests.distributed.kafka import Kafka
from tests.distributed.load import Origin
from tests.distributed.ports import free_ports
from tests.distributed.services import Place, System, make_topics, need_engine
from tests.distributed.stage import Stage, set_up
from tests.fresh import empty_database

from taskflow.db.migrate import migrate


@pytest.fixture(scope="session")
async def dsn(dsn: str) -> AsyncIterator[str]:
    """A database of their own: these services run on, and publish whatever is in its outbox."""
    async with empty_database(dsn) as address:
        await migrate(address)
        yield address


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture(scope="session")
def system(
    tmp_path_factory: pytest.TempPathFactory, dsn: str, collector: Collector
) -> Iterator[System]:
    """All services, each beside its sidecar."""
    need_engine()
    folder, ports = tmp_path_factory.mktemp("system"), free_ports()
    kafka = Kafka(folder / "kafka", next(ports), next(ports))
    # Listening on everything that the machine has, as in a container.
    settings = {"TASKFLOW_OTLP_ENDPOINT": collector.url, "TASKFLOW_HOST": "0.0.0.0"}  # noqa: S104
    system = System(Place(folder, dsn, kafka.address, ports), settings)
    try:
        kafka.start()
        make_topics(kafka)
        system.start()
        yield system
    finally:
        system.stop()
        kafka.stop()


@pytest.fixture(scope="session")
def cluster(open_dir: Path) -> Iterator[Cluster]:
    """Everything of docker-compose.yaml, two replicas of each service."""
    need_engine()
    cluster = Cluster(open_dir / "cluster")
    try:
        cluster.start()
        # The first account is the admin, who sees everybody's trail: it shall be no test's user.
        Origin(cluster).token()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def origin(cluster: Cluster) -> Origin:
    """Clients of its one origin."""
    return Origin(cluster)


@pytest.fixture(scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A Kafka of its own, and applications that a test can watch."""
    async with set_up(tmp_path_factory.mktemp("stage")) as stage:
        yield stage
