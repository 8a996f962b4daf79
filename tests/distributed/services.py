"""The distributed size by hand: a service of ours in a process, each with its sidecar."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

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


class System:
    """Services beside their sidecars, on one Kafka and one database.

    Args:
        folder: For data and logs.
        dsn: The migrated database.
        kafka: The broker, with its topics.
        ports: Free ones to take.
        settings: Further settings of the services.
    """

    def __init__(
        self,
        folder: Path,
        dsn: str,
        kafka: Kafka,
        ports: Iterator[int],
        settings: Mapping[str, str],
    ) -> None:
        self.port_base = free_span(SPAN)
        self.sidecars = {
            name: Sidecar(name, self.internal_port(name), kafka.address, folder, ports)
            for name in MODULES
        }
        shared = {
            "TASKFLOW_BUS": "dapr",
            "TASKFLOW_DATABASE_URL": dsn,
            "TASKFLOW_DATA_DIR": str(folder / "data"),
            "TASKFLOW_PORT_BASE": str(self.port_base),
            **TOKENS,
            **settings,
        }
        self.services = {
            name: Program(
                name,
                [*CLI, "run", name],
                folder,
                environment=shared | {"TASKFLOW_DAPR_HTTP_PORT": str(sidecar.http_port)},
                is_ready=answers(f"{self.url(name)}/health/live"),
            )
            for name, sidecar in self.sidecars.items()
        }

    def url(self, name: str) -> str:
        """Where a service is reached."""
        return f"http://127.0.0.1:{self.port_base + port_offset(name)}"

    def internal_port(self, name: str) -> int:
        """Where a service takes what its sidecar delivers."""
        return self.port_base + 100 + port_offset(name)

    def start(self) -> None:
        """Start everything; the Task API first, since it makes the key."""
        for one in self.services.values():
            one.start()
        for one in self.sidecars.values():
            one.launch()
        for one in self.sidecars.values():
            one.wait_ready()

    def stop(self) -> None:
        """Stop everything that runs."""
        for one in (*self.sidecars.values(), *self.services.values()):
            one.stop()


def make_topics(kafka: Kafka) -> None:
    """Make the topics as an operator would."""
    command = [*CLI, "topics", "create", "--bootstrap-server", kafka.address]
    subprocess.run([*command, "--tool", kafka.topics_tool], check=True, capture_output=True)
