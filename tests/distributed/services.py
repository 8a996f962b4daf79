"""The distributed size by hand: a service of ours in a process, each with its sidecar."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.distributed.kafka import Kafka
from tests.distributed.ports import free_span
from tests.distributed.programs import CLI, Program, answers, missing
from tests.distributed.sidecar import TOKENS, Sidecar

from taskflow.runner.processes import MODULES, port_offset

# Five services, and their internal ports a hundred further.
SPAN = 105


def need_engine() -> None:
    """Skip where the engine is missing, but never in CI."""
    if reason := missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


class Place(NamedTuple):
    """What services run on.

    Attributes:
        folder: For data and logs.
        dsn: The migrated database.
        brokers: Kafka's address.
        ports: Free ones to take.
    """

    folder: Path
    dsn: str
    brokers: str
    ports: Iterator[int]


class Pair:
    """A service and its sidecar.

    Args:
        name: Which service.
        place: What it runs on.
        port_base: From where its ports are counted.
        settings: Further settings of the service.
        suffix: Tells it from others of its name in messages.
    """

    def __init__(
        self,
        name: str,
        place: Place,
        port_base: int,
        settings: Mapping[str, str],
        suffix: str = "",
    ) -> None:
        self.url = f"http://127.0.0.1:{port_base + port_offset(name)}"
        self.internal_port = port_base + 100 + port_offset(name)
        folder, brokers, ports = place.folder, place.brokers, place.ports
        label = f"daprd-{name}{suffix}"
        self.sidecar = Sidecar(name, self.internal_port, brokers, folder, ports, label)
        self.service = Program(
            f"{name}{suffix}",
            [*CLI, "run", name],
            folder,
            environment={
                "TASKFLOW_BUS": "dapr",
                "TASKFLOW_DATABASE_URL": place.dsn,
                "TASKFLOW_DATA_DIR": str(folder / "data"),
                "TASKFLOW_PORT_BASE": str(port_base),
                "TASKFLOW_DAPR_HTTP_PORT": str(self.sidecar.http_port),
                **TOKENS,
                **settings,
            },
            is_ready=answers(f"{self.url}/health/live"),
        )


class System:
    """All services beside their sidecars, on one Kafka and one database.

    Args:
        place: What they run on.
        settings: Further settings of the services.
    """

    def __init__(self, place: Place, settings: Mapping[str, str]) -> None:
        base = free_span(SPAN)
        self._pairs = {name: Pair(name, place, base, settings) for name in MODULES}
        self.sidecars = {name: one.sidecar for name, one in self._pairs.items()}
        self.services = {name: one.service for name, one in self._pairs.items()}

    def url(self, name: str) -> str:
        """Where a service is reached."""
        return self._pairs[name].url

    def internal_port(self, name: str) -> int:
        """Where a service takes what its sidecar delivers."""
        return self._pairs[name].internal_port

    def start(self) -> None:
        """Start everything."""
        for one in self.sidecars.values():
            one.launch()
        self.start_services()
        for one in self.sidecars.values():
            one.wait_ready()

    def start_services(self) -> None:
        """Start the services; the Task API first, since it makes the key."""
        first, *others = self.services.values()
        first.start()
        for one in others:
            one.launch()
        for one in others:
            one.wait_ready()

    def stop(self) -> None:
        """Stop everything that runs."""
        for one in (*self.sidecars.values(), *self.services.values()):
            one.stop()


def make_topics(kafka: Kafka) -> None:
    """Make the topics as an operator would."""
    command = [*CLI, "topics", "create", "--bootstrap-server", kafka.address]
    subprocess.run([*command, "--tool", kafka.topics_tool], check=True, capture_output=True)
