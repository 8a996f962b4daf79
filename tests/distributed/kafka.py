"""A real Kafka of one node (KRaft), and its own tools."""

import subprocess
from pathlib import Path

from tests.distributed.programs import JAVA, Program, listens

TOOL = "org.apache.kafka.tools.TopicCommand"
CONFIGS = "kafka.admin.ConfigCommand"
CONSOLE_PRODUCER = "org.apache.kafka.tools.ConsoleProducer"
PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={folder}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=12
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
"""


class Kafka(Program):
    """A broker on its own folder; kill it and start it again on the same data."""

    def __init__(self, folder: Path, port: int, controller: int) -> None:
        folder.mkdir(parents=True)
        self.address = f"127.0.0.1:{port}"
        properties = folder / "server.properties"
        text = PROPERTIES.format(port=port, controller=controller, folder=folder)
        properties.write_text(text)
        command = [*JAVA, "kafka.Kafka", str(properties)]
        super().__init__("kafka", command, folder, is_ready=listens(port))
        cluster = _java("kafka.tools.StorageTool", "random-uuid").strip().splitlines()[-1]
        _java(
            "kafka.tools.StorageTool",
            "format",
            "--standalone",
            "-t",
            cluster,
            "-c",
            str(properties),
        )

    @property
    def topics_tool(self) -> str:
        """Kafka's own tool for topics, as a command line."""
        return " ".join((*JAVA, TOOL))

    def configure(self, topic: str, setting: str) -> None:
        """Change a setting of a topic, `name=value`."""
        of_topic = ("--entity-type", "topics", "--entity-name", topic)
        _java(
            CONFIGS,
            "--bootstrap-server",
            self.address,
            "--alter",
            *of_topic,
            "--add-config",
            setting,
        )

    def produce(self, topic: str, *lines: str) -> None:
        """Write raw messages past everybody, as a stranger would."""
        command = [*JAVA, CONSOLE_PRODUCER, "--bootstrap-server", self.address, "--topic", topic]
        subprocess.run(command, input="\n".join(lines), text=True, check=True, capture_output=True)


def _java(*arguments: str) -> str:
    done = subprocess.run([*JAVA, *arguments], capture_output=True, text=True, check=True)
    return done.stdout
