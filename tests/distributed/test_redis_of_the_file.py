"""Redis as docker-compose.yaml starts it: one account that rules nothing, and nothing on disk."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.distributed import compose_file
from tests.distributed.composed import Composed, Machine
from tests.distributed.judges import need
from tests.distributed.nginx import make_secrets
from tests.distributed.ports import free_ports
from tests.distributed.programs import Program, listens


class Redis(Program):
    """The Redis of the file on a port of this machine."""

    def __init__(self, model: dict[str, Any], folder: Path) -> None:
        server = need("redis-server", "Debian's redis-server")
        self.port = next(free_ports())
        self.check: str = model["services"]["redis"]["healthcheck"]["test"][1]
        secrets = make_secrets(folder / "secrets")
        self.password = (secrets / "redis_password").read_text().strip()
        machine = Machine(
            port_of=lambda _network, _port: self.port,
            secrets=secrets,
            volumes=folder,
            programs={"redis-server": [server, "--bind", "127.0.0.1", "--port", str(self.port)]},
        )
        composed = Composed(model, machine)
        process = composed.process("redis")
        self.check = composed.text_of("redis", self.check).replace(
            "redis-cli", f"redis-cli -p {self.port}"
        )
        self.data = folder / "data"
        self.data.mkdir()
        super().__init__("redis", process.command, self.data, is_ready=listens(self.port))

    def ask(self, *words: str, user: str = "taskflow") -> str:
        """What it answers to a command of an account."""
        client = need("redis-cli", "Debian's redis-tools")
        done = subprocess.run(
            [client, "-p", str(self.port), "--user", user, *words],
            env={"PATH": os.environ["PATH"], "REDISCLI_AUTH": self.password},
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
        return done.stdout.strip()


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """It, running."""
    redis = Redis(compose_file.load(), tmp_path_factory.mktemp("redis"))
    redis.start()
    yield redis
    assert redis.stop() == 0


def test_its_account_does_what_a_service_does(redis: Redis) -> None:
    due = "{taskflow:reminders}:due"
    assert redis.ask("ZADD", due, "1", "one") == "1"
    assert redis.ask("EVAL", "return redis.call('ZPOPMIN', KEYS[1])", "1", due) == "one\n1"
    assert redis.ask("PUBLISH", "taskflow:notes", "now") == "0"


@pytest.mark.parametrize(
    "command",
    [
        ("CONFIG", "GET", "*"),
        ("ACL", "LIST"),
        ("SHUTDOWN", "NOSAVE"),
        ("REPLICAOF", "NO", "ONE"),
        ("FLUSHDB",),
        ("SET", "of-somebody-else", "1"),
        ("PUBLISH", "of-somebody-else", "1"),
    ],
)
def test_its_account_rules_nothing(redis: Redis, command: tuple[str, ...]) -> None:
    assert redis.ask(*command).startswith("NOPERM")


def test_nobody_else_is_let_in(redis: Redis) -> None:
    assert "NOAUTH" in redis.ask("PING", user="default")
    assert "NOAUTH" in redis.ask("PING", user="somebody")


def test_its_health_check_asks_it_and_fails_without_it(redis: Redis) -> None:
    assert subprocess.run(["/bin/sh", "-c", redis.check], check=False).returncode == 0
    elsewhere = redis.check.replace(f"-p {redis.port}", "-p 9")
    assert subprocess.run(["/bin/sh", "-c", elsewhere], check=False).returncode == 1


def test_it_keeps_nothing_on_disk(redis: Redis) -> None:
    assert redis.ask("ZADD", "{taskflow:reminders}:due", "1", "kept") == "1"
    assert redis.ask("SAVE").startswith("NOPERM")
    assert [path.name for path in redis.data.iterdir()] == ["redis.log"]
