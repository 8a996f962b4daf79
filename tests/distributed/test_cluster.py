"""Two replicas of every service, as the file would start them: the work is done, and shared."""

import os
import subprocess

from tests.distributed.cluster import Cluster
from tests.distributed.load import Load, Origin
from tests.distributed.programs import CLI
from tests.proof import prove

from taskflow.events.topics import CONSUMERS


def test_the_walk_through_passes_at_the_one_origin(cluster: Cluster) -> None:
    done = subprocess.run(
        [*CLI, "smoke", "--one-origin", cluster.nginx.url],
        env=os.environ | {"SSL_CERT_FILE": str(cluster.nginx.certificate)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_replicas_share_the_work(cluster: Cluster, origin: Origin) -> None:
    load = Load(origin)
    with load.working():
        load.goes_on(200)
    with origin.client(load.token) as user:
        prove(user, load.done)
    assert load.failures == []
    handled = {
        one.service.name: one.figure("taskflow_event_age_seconds_count")
        for name in ("task-api", *CONSUMERS)
        for one in cluster.replicas[name]
    }
    assert all(handled.values()), handled
