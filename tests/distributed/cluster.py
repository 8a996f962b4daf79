"""The whole distributed size, read out of docker-compose.yaml, with replicas of every service.

What the file starts in containers are processes here, with the same commands, environment and files
(`composed.py` says what is translated); PostgreSQL and Kafka are prepared as their images do it.
A service and its sidecar are a pair, as often as asked for, and the one origin knows all of them.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.distributed import compose_file
from tests.distributed.broker import Broker
from tests.distributed.composed import Composed, Machine, PortOf
from tests.distributed.figures import total
from tests.distributed.judges import need
from tests.distributed.nginx import HEALTH_PORT, TLS_PORT, Nginx, make_secrets
from tests.distributed.ports import free_ports, free_span
from tests.distributed.postgres import Postgres
from tests.distributed.programs import CLI, DAPRD, LOCAL, Program, answers, listens

from taskflow.runner.processes import MODULES, port_offset

# Five services, and their doors for the sidecars a hundred further.
LOWEST, SPAN = 8000, 105
DATA = "/var/lib/taskflow"
# Load comes from one address and few accounts.
UNLIMITED = {
    "TASKFLOW_AUTH_ATTEMPTS_PER_MINUTE": "100000",
    "TASKFLOW_RATE_LIMIT_BURST": "1000000",
}


class Ports:
    """The local ports of one set of containers; those of a service stay as far apart as inside."""

    def __init__(self, shared: PortOf | None = None) -> None:
        self._fresh = free_ports()
        self._shared = shared
        self._bases: dict[str, int] = {}
        self._others: dict[tuple[str, int], int] = {}

    def of(self, network: str, port: int) -> int:
        """The local port of one inside a network."""
        if network in MODULES and LOWEST <= port < LOWEST + SPAN:
            if network not in self._bases:
                self._bases[network] = free_span(SPAN)
            return self._bases[network] + port - LOWEST
        if network not in MODULES and self._shared is not None:
            return self._shared(network, port)
        if (network, port) not in self._others:
            self._others[network, port] = next(self._fresh)
        return self._others[network, port]


class Replica:
    """A service and its sidecar.

    Attributes:
        name: Which service.
        number: Which of its replicas, from 0.
        port: Where it serves.
        service: Its process.
        sidecar: Its sidecar's.
    """

    def __init__(self, name: str, number: int, cluster: "Cluster", composed: Composed) -> None:
        self.name, self.number = name, number
        ports = cluster.ports[number]
        self.port = ports.of(name, LOWEST + port_offset(name))
        self.url = f"http://127.0.0.1:{self.port}"
        service = composed.process(name)
        data = {"TASKFLOW_DATA_DIR": str(cluster.folder / f"{name}-data")}
        own = data if service.environment["TASKFLOW_DATA_DIR"] == DATA else {}
        self.service = Program(
            f"{name}-{number}",
            service.command,
            cluster.folder,
            environment=service.environment | own | UNLIMITED | cluster.settings,
            is_ready=answers(f"{self.url}/health/ready"),
        )
        sidecar = composed.process(f"{name}-dapr")
        self.metrics_port = ports.of(name, 9090)
        self.sidecar = Program(
            f"{name}-{number}-dapr",
            [*sidecar.command, "--metrics-listen-address=127.0.0.1"],
            cluster.folder,
            environment=sidecar.environment,
            is_ready=answers(
                f"http://127.0.0.1:{ports.of(name, 3500)}/v1.0/healthz/outbound", status=204
            ),
        )

    def launch(self) -> None:
        """Start both, and do not wait."""
        self.service.launch()
        self.sidecar.launch()

    def figure(self, name: str, **labels: str) -> float:
        """What the service shows under a name."""
        return total(LOCAL.get(f"{self.url}/metrics").text, name, **labels)

    def figure_of_sidecar(self, name: str, **labels: str) -> float:
        """What the sidecar shows under a name."""
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        return total(LOCAL.get(url).text, name, **labels)

    def wait_ready(self) -> None:
        """Wait until both serve."""
        self.sidecar.wait_ready()
        self.service.wait_ready()

    def stop(self) -> None:
        """Stop the service, then its sidecar."""
        code = self.service.stop()
        self.sidecar.stop()
        assert code == 0, f"{self.service.name} ended with {code}:\n{self.service.tail()}"


class Cluster:
    """Everything of docker-compose.yaml but its monitoring.

    Args:
        folder: For data, secrets and logs; an unprivileged account must be able to reach it.
        replicas: How many of each service.
        settings: Further settings of the services.
    """

    def __init__(
        self, folder: Path, *, replicas: int = 2, settings: Mapping[str, str] | None = None
    ) -> None:
        self.folder, self.settings = folder, dict(settings or {})
        folder.mkdir(mode=0o755, exist_ok=True)
        self._model = compose_file.load()
        self.secrets = make_secrets(folder / "secrets")
        first = Ports()
        self.ports = [first, *(Ports(first.of) for _ in range(replicas - 1))]
        files = [self._composed(ports) for ports in self.ports]
        self._jobs = files[0]
        self._translate_secrets(files[0])
        self.postgres = Postgres(folder / "postgres", first.of("postgres", 5432), self.secrets)
        self.kafka = Broker(folder / "broker", files[0], first.of)
        self.redis = self._redis(files[0], first)
        self.replicas = {
            name: [Replica(name, number, self, file) for number, file in enumerate(files)]
            for name in MODULES
        }
        self.nginx = self._nginx(first)

    @property
    def every(self) -> list[Replica]:
        """All pairs."""
        return [one for replicas in self.replicas.values() for one in replicas]

    def start(self) -> None:
        """Start everything, in the order of the file."""
        for name in ("nginx", "redis-server", "java"):
            need(name, "it")
        self.postgres.prepare()
        together(self.postgres.start, self.kafka.start, self.redis.start)
        self.postgres.make_logins()
        together(self.kafka.make_topics, lambda: self._run("migrate"))
        self._run("signing-key")
        for one in self.every:
            one.launch()
        for one in self.every:
            one.wait_ready()
        self.nginx.start()

    def stop(self) -> None:
        """Stop everything that runs."""
        programs = [self.nginx, *(one.service for one in self.every)]
        programs += [one.sidecar for one in self.every]
        together(*(one.stop for one in programs))
        together(self.kafka.stop, self.redis.stop, self.postgres.stop)

    def revive(self) -> None:
        """Start again what has ended, as the file's restart policy does, until all is well."""
        for one in self.every:
            for program in (one.service, one.sidecar):
                if not program.is_running:
                    program.launch()
        for one in self.every:
            one.wait_ready()

    def admit(self, name: str, numbers: Collection[int]) -> None:
        """Let the origin send requests for a service to these of its replicas alone.

        It is done when nothing is under way any more that knew of others.
        """
        upstream = self._upstream(name, numbers)
        path = self.nginx.configuration
        lines = path.read_text().splitlines(keepends=True)
        start = f"upstream {name}-replicas "
        assert any(start in one for one in lines), name
        path.write_text("".join(upstream if start in one else one for one in lines))
        before = self.nginx.workers()
        os.kill(self.nginx.pid, signal.SIGHUP)
        self.nginx.wait_gone(before)

    def _composed(self, ports: Ports) -> Composed:
        machine = Machine(
            port_of=ports.of,
            secrets=self.secrets,
            volumes=self.folder,
            programs={
                "taskflow": CLI,
                "/daprd": (str(DAPRD),),
                "/bin/sh": ("/bin/sh",),
                "redis-server": ("redis-server", "--bind", "127.0.0.1"),
                "install": (shutil.which("install") or "install",),
            },
        )
        return Composed(self._model, machine)

    def _translate_secrets(self, composed: Composed) -> None:
        for name in ("database_url", "database_owner_url", "redis_url"):
            file = self.secrets / name
            file.write_text(composed.text(file.read_text()))

    def _redis(self, composed: Composed, ports: Ports) -> Program:
        port = ports.of("redis", 6379)
        command = [*composed.process("redis").command, "--port", str(port)]
        return Program("redis", command, self.folder, is_ready=listens(port))

    def _nginx(self, ports: Ports) -> Nginx:
        instead = {
            f" 127.0.0.1:{replicas[0].port};": f" {name}-replicas;"
            for name, replicas in self.replicas.items()
        }
        groups = "".join(self._upstream(name, range(len(self.ports))) for name in MODULES)
        instead["map $uri $service {"] = f"{groups}map $uri $service {{"
        for port in (TLS_PORT, HEALTH_PORT):
            ports.of("nginx", port)
        return Nginx(self.folder / "nginx", self._model, self.secrets, ports.of, instead)

    def _upstream(self, name: str, numbers: Collection[int]) -> str:
        places = " ".join(
            f"server 127.0.0.1:{self.replicas[name][one].port} max_fails=0;" for one in numbers
        )
        return f"upstream {name}-replicas {{ {places} }}\n"

    def _run(self, job: str) -> None:
        process = self._jobs.process(job)
        done = subprocess.run(
            process.command,
            env=os.environ | process.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def together(*deeds: Callable[[], object]) -> None:
    """Do several things at once, and wait for all of them."""
    with ThreadPoolExecutor(len(deeds)) as pool:
        for one in [pool.submit(deed) for deed in deeds]:
            one.result()
