"""`taskflow topics`: the broker's topics, made by Kafka's own tool; we speak no Kafka ourselves."""

import re
import shlex
import subprocess
from typing import Annotated, Final

import typer

from taskflow.base.errors import Conflict, Unavailable
from taskflow.cli.command import say, show_rows
from taskflow.events.topics import broker_topics

app = typer.Typer(help="The broker's topics: create, list, or print the script that makes them.")
TIMEOUT_SECONDS: Final = 300
TOOL: Final = "kafka-topics.sh"
_DESCRIBED: Final = re.compile(r"^Topic:\s*(\S+).*?PartitionCount:\s*(\d+)", re.MULTILINE)
Bootstrap = Annotated[str, typer.Option("--bootstrap-server", help="The broker's address.")]
Tool = Annotated[str, typer.Option(help="Kafka's admin tool, with what it needs before it.")]
Replicas = Annotated[int, typer.Option("--replication-factor", help="Copies of each partition.")]
CommandConfig = Annotated[
    str | None, typer.Option(help="A file with Kafka's client settings, for TLS and SASL.")
]


@app.command("create")
def create(
    bootstrap_server: Bootstrap,
    tool: Tool = TOOL,
    replication_factor: Replicas = 1,
    command_config: CommandConfig = None,
) -> None:
    """Make the topics that are missing, and see that all have the partitions that they need.

    Examples:
        taskflow topics create --bootstrap-server kafka:9092 --replication-factor 3

        taskflow topics create --bootstrap-server 127.0.0.1:9092 --tool "sh kafka-topics.sh"
    """
    command = [*shlex.split(tool), "--bootstrap-server", bootstrap_server]
    if command_config is not None:
        command += ["--command-config", command_config]
    present = _described(_run([*command, "--describe"]))
    for topic, partitions in broker_topics().items():
        if topic in present:
            continue
        numbers = [str(partitions), "--replication-factor", str(replication_factor)]
        _run([*command, "--create", "--if-not-exists", "--topic", topic, "--partitions", *numbers])
        say(f"made {topic} with {partitions} partitions")
    _refuse_other_partitions(_described(_run([*command, "--describe"])))
    say(f"all {len(broker_topics())} topics are there")


@app.command("list")
def list_all() -> None:
    """List the topics that a broker must have, with their partitions.

    Examples:
        taskflow topics list
    """
    rows = [(topic, str(partitions)) for topic, partitions in broker_topics().items()]
    show_rows(("topic", "partitions"), rows)


@app.command("script")
def script() -> None:
    """Print a shell script that makes the topics, for an image that has Kafka's tool but not us.

    Examples:
        taskflow topics script > create-topics.sh
    """
    say(topics_script())


def topics_script() -> str:
    """The script: it takes the bootstrap server and the replication factor from the environment."""
    lines = [
        "#!/bin/sh",
        "# Makes TaskFlow's topics; written by `taskflow topics script`.",
        "set -eu",
        'tool="${KAFKA_TOPICS_TOOL:-/opt/kafka/bin/kafka-topics.sh}"',
        'config="${KAFKA_COMMAND_CONFIG:+--command-config $KAFKA_COMMAND_CONFIG}"',
        "make() {",
        "  # shellcheck disable=SC2086 # the tool and the configuration may be several words",
        '  $tool --bootstrap-server "$KAFKA_BOOTSTRAP_SERVERS" $config --create --if-not-exists \\',
        '    --topic "$1" --partitions "$2" --replication-factor "${KAFKA_REPLICATION_FACTOR:-1}"',
        "}",
        *(f"make {topic} {partitions}" for topic, partitions in broker_topics().items()),
    ]
    return "\n".join(lines)


def _run(command: list[str]) -> str:
    """What Kafka's tool prints.

    Raises:
        Unavailable: it is not there, fails, or does not end in time.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the operator names the tool
            command, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS
        )
    except OSError as error:
        raise Unavailable(f"Kafka's tool {command[0]} cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"Kafka's tool did not end within {TIMEOUT_SECONDS} s") from error
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise Unavailable(f"Kafka's tool failed: {''.join(last)}")
    return done.stdout


def _described(text: str) -> dict[str, int]:
    """Topics and their partitions, as the tool describes them."""
    return {topic: int(partitions) for topic, partitions in _DESCRIBED.findall(text)}


def _refuse_other_partitions(present: dict[str, int]) -> None:
    wrong = [
        f"{topic} has {present.get(topic, 0)} partitions instead of {partitions}"
        for topic, partitions in broker_topics().items()
        if present.get(topic, 0) != partitions
    ]
    if wrong:
        raise Conflict(f"{'; '.join(wrong)}: a task's events would lose their order")
