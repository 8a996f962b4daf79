"""Kafka as docker-compose.yaml starts it: its own script and properties, on ports given to it."""

import os
import shlex
import subprocess
from pathlib import Path

from tests.distributed.composed import Composed, PortOf
from tests.distributed.kafka import CONSOLE_PRODUCER
from tests.distributed.programs import JAVA, ROOT, Program, listens

MOUNTED = ROOT / "compose" / "kafka"
PORT, CONTROLLER = 9092, 9093
# What the image has under these names.
TOOLS = {
    "kafka-storage.sh": "kafka.tools.StorageTool",
    "kafka-server-start.sh": "kafka.Kafka",
    "kafka-topics.sh": "org.apache.kafka.tools.TopicCommand",
}


class Broker(Program):
    """The broker of the file; kill it and start it again on the same data.

    Args:
        folder: For its data, its log and what the image would have.
        composed: The file.
        port_of: The local ports.
    """

    def __init__(self, folder: Path, composed: Composed, port_of: PortOf) -> None:
        folder.mkdir(parents=True)
        self._home = folder / "home"
        self._composed = composed
        self.address = f"127.0.0.1:{port_of('kafka', PORT)}"
        _make_tools(self._home / "bin")
        properties = folder / "server.properties"
        text = (MOUNTED / "server.properties").read_text()
        for port in (PORT, CONTROLLER):
            own = f"127.0.0.1:{port_of('kafka', port)}"
            text = text.replace(f"kafka:{port}", own).replace(f"127.0.0.1:{port}", own)
            text = text.replace(f"//:{port}", f"//{own}")
        properties.write_text(composed.text_of("kafka", text))
        process = composed.process("kafka")
        environment = process.environment | {
            "KAFKA_HOME": str(self._home),
            "KAFKA_CONFIG": str(properties),
        }
        super().__init__(
            "kafka",
            process.command,
            folder,
            environment=environment,
            is_ready=listens(port_of("kafka", PORT)),
        )

    def produce(self, topic: str, *lines: str) -> None:
        """Write raw messages past everybody, as a stranger would."""
        command = [*JAVA, CONSOLE_PRODUCER, "--bootstrap-server", self.address, "--topic", topic]
        subprocess.run(command, input="\n".join(lines), text=True, check=True, capture_output=True)

    def make_topics(self) -> None:
        """Run the file's own job."""
        process = self._composed.process("topics")
        tool = {"KAFKA_TOPICS_TOOL": str(self._home / "bin" / "kafka-topics.sh")}
        environment = os.environ | process.environment | tool
        subprocess.run(process.command, env=environment, check=True, capture_output=True)


def _make_tools(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, main in TOOLS.items():
        tool = folder / name
        tool.write_text(f'#!/bin/sh\nexec {shlex.join((*JAVA, main))} "$@"\n')
        tool.chmod(0o755)
