"""A Kafka that is reached by TLS and with an account, as production's is."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from tests.distributed.certificates import Authority
from tests.distributed.kafka import TOOL, _java
from tests.distributed.programs import JAVA, Program, listens

ACCOUNT, PASSWORD = "taskflow", "of-the-tests"
PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=SASL_SSL://127.0.0.1:{port},INSIDE://127.0.0.1:{inside},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SASL_SSL://127.0.0.1:{port},INSIDE://127.0.0.1:{inside}
inter.broker.listener.name=INSIDE
controller.listener.names=CONTROLLER
listener.security.protocol.map=SASL_SSL:SASL_SSL,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={module} required;
log.dirs={folder}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=3
group.initial.rebalance.delay.ms=0
"""
MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule"
# What docs/operate/kubernetes.md tells an operator to write.
CLIENT = """
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config={module} required username="{account}" password="{password}";
ssl.truststore.type=PEM
ssl.truststore.location={authority}
"""


class SecuredKafka(Program):
    """A broker whose only open door asks for a password, over TLS.

    Args:
        folder: For its data and log.
        authority: Signs for it.
        ports: Free ones to take.
    """

    def __init__(self, folder: Path, authority: Authority, ports: Iterator[int]) -> None:
        folder.mkdir(parents=True)
        port, inside, controller = (next(ports) for _ in range(3))
        self.address = f"127.0.0.1:{port}"
        text = PROPERTIES.format(
            port=port,
            inside=inside,
            controller=controller,
            folder=folder,
            keystore=authority.server("kafka"),
            module=MODULE,
        )
        properties = folder / "server.properties"
        properties.write_text(text)
        self.client = folder / "client.properties"
        self.client.write_text(
            CLIENT.format(
                module=MODULE,
                account=ACCOUNT,
                password=PASSWORD,
                authority=authority.certificate,
            )
        )
        command = [*JAVA, "kafka.Kafka", str(properties)]
        super().__init__("secured-kafka", command, folder, is_ready=listens(port))
        _format(properties)
        self.topics_tool = folder / "kafka-topics.sh"
        self.topics_tool.write_text(f'#!/bin/sh\nexec {shlex.join((*JAVA, TOOL))} "$@"\n')
        self.topics_tool.chmod(0o700)


def _format(properties: Path) -> None:
    storage = "kafka.tools.StorageTool"
    cluster = _java(storage, "random-uuid").strip().splitlines()[-1]
    account = f"SCRAM-SHA-512=[name={ACCOUNT},password={PASSWORD}]"
    options = ("--standalone", "-t", cluster, "-c", str(properties), "--add-scram", account)
    _java(storage, "format", *options)
