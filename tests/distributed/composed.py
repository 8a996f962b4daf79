"""What docker-compose.yaml would start, as processes of this machine: a pure translation.

The model is what the Compose specification's own loader makes of the file. A container has a
network, a file system and an image of its own; here all share one machine. So names of services
become 127.0.0.1, their ports the ones that the test chose, paths inside the container the places of
this machine that stand for them, and an image's entry point the program that the test names.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

Model = Mapping[str, Any]
PortOf = Callable[[str, int], int]
"""The local port for a port inside a network; a network is called like the service that owns it."""

LOCALHOST = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is replaced by this machine's own address
SECRETS = "/run/secrets"
_SHARED_NETWORK = "service:"
_PORT_ARGUMENT = re.compile(r"(--(?:[a-z-]+-)?port=)(\d+)")
_PORT_VARIABLE = re.compile(r".*_PORT(_BASE)?")
_NUMBER = re.compile(r"\d+")


class Process(NamedTuple):
    """A service of the file, as it is started here.

    Attributes:
        name: What the file calls it.
        command: The command line.
        environment: What it is told, beside what every process here knows.
        health: The command of its health check, if it has one.
        network: The service whose network it shares; itself for most.
        after: What must have happened to other services before, by their names.
    """

    name: str
    command: list[str]
    environment: dict[str, str]
    health: list[str] | None
    network: str
    after: dict[str, str]


@dataclass(frozen=True)
class Machine:
    """What stands on this machine for what a container has.

    Attributes:
        port_of: The local ports.
        secrets: The folder with the secrets, under the names of their files.
        volumes: The folder that has one for each named volume, and one for each `tmpfs`, called
            like its service and its path (`nginx-tmp`).
        programs: What is run for an image's entry point (by the image's name without its version)
            or for a program that a command begins with.
        read: Reads a file; the environment of a service may come from one.
    """

    port_of: PortOf
    secrets: Path
    volumes: Path
    programs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    read: Callable[[Path], str] = Path.read_text


class Composed:
    """The services of a file on this machine.

    Args:
        model: What the loader made of the file.
        machine: What stands for the containers.
    """

    def __init__(self, model: Model, machine: Machine) -> None:
        self._model = model
        self._machine = machine
        self._services: Mapping[str, Any] = model["services"]
        names = "|".join(sorted(map(re.escape, self._services), key=len, reverse=True))
        self._address = re.compile(rf"(?<![\w.-])({names}):(\d+)(?!\w)")

    def network_of(self, name: str) -> str:
        """The service whose network a service shares."""
        mode = str(self._services[name].get("network_mode", ""))
        return mode.removeprefix(_SHARED_NETWORK) if mode.startswith(_SHARED_NETWORK) else name

    def process(self, name: str) -> Process:
        """How a service is started here.

        Raises:
            KeyError: there is no such service, or the machine has no program for it.
        """
        service = self._services[name]
        return Process(
            name=name,
            command=self._runnable(name, self._line(service)),
            environment=self._environment(name),
            health=self._health(name),
            network=self.network_of(name),
            after={other: one["condition"] for other, one in service.get("depends_on", {}).items()},
        )

    def text(self, text: str) -> str:
        """A secret or a configuration file, with the addresses of this machine."""
        return self._address.sub(self._local_address, text).replace(EVERYWHERE, LOCALHOST)

    def text_of(self, name: str, text: str) -> str:
        """A configuration file of a service: with this machine's addresses and places."""
        return self._with_places(name, self.text(text))

    def _line(self, service: Mapping[str, Any]) -> list[str]:
        """The command line inside the container; what the file does not say is its image's."""
        command = list(service.get("command") or [])
        if entrypoint := service.get("entrypoint"):
            return [*entrypoint, *command]
        names_program = bool(command) and command[0] in self._machine.programs
        return command if names_program else [image_of(service), *command]

    def _runnable(self, name: str, line: Sequence[str]) -> list[str]:
        """A command line with the program of this machine, its places and its ports."""
        translated = [self._with_ports(name, self.text_of(name, one)) for one in line[1:]]
        return [*self._machine.programs[line[0]], *translated]

    def _health(self, name: str) -> list[str] | None:
        """The health check, where it is one program and no line for a shell of the image."""
        check = self._services[name].get("healthcheck", {})
        kind, *line = check.get("test") or ["NONE"]
        if check.get("disable") or kind != "CMD" or line[0] not in self._machine.programs:
            return None
        return self._runnable(name, line)

    def _environment(self, name: str) -> dict[str, str]:
        service = self._services[name]
        found: dict[str, str] = {}
        for one in service.get("env_file", ()):
            found |= parse_env(self._machine.read(self._place_of_secret(Path(one["path"]))))
        # Without a value it is taken from the environment of whoever starts it, where it is there.
        given = {
            key: value for key, value in service.get("environment", {}).items() if value is not None
        }
        found |= {key: self._variable(name, key, str(value)) for key, value in given.items()}
        return found

    def _variable(self, name: str, key: str, value: str) -> str:
        if _PORT_VARIABLE.fullmatch(key) and _NUMBER.fullmatch(value):
            return str(self._machine.port_of(self.network_of(name), int(value)))
        return self.text_of(name, value)

    def _with_ports(self, name: str, argument: str) -> str:
        match = _PORT_ARGUMENT.fullmatch(argument)
        if match is None:
            return argument
        return f"{match[1]}{self._machine.port_of(self.network_of(name), int(match[2]))}"

    def _local_address(self, match: "re.Match[str]") -> str:
        network = self.network_of(match[1])
        return f"{LOCALHOST}:{self._machine.port_of(network, int(match[2]))}"

    def _with_places(self, name: str, text: str) -> str:
        """The text with the places of this machine for the paths inside the container."""
        places = self._places(name)
        if not places:
            return text
        inside = "|".join(sorted(map(re.escape, places), key=len, reverse=True))
        return re.sub(
            rf"(?<![\w/.-])({inside})(?![\w.-])", lambda match: str(places[match[1]]), text
        )

    def _places(self, name: str) -> dict[str, Path]:
        service = self._services[name]
        places = {
            secret["target"]: self._place_of_secret(
                Path(self._model["secrets"][secret["source"]]["file"])
            )
            for secret in service.get("secrets", ())
        }
        for volume in service.get("volumes", ()):
            is_bound = volume["type"] == "bind"
            source = (
                Path(volume["source"]) if is_bound else self._machine.volumes / volume["source"]
            )
            places[volume["target"]] = source
        for one in service.get("tmpfs", ()):
            target = one.partition(":")[0]
            places[target] = self._machine.volumes / (name + target.replace("/", "-"))
        return places

    def _place_of_secret(self, path: Path) -> Path:
        return self._machine.secrets / path.name


def image_of(service: Mapping[str, Any]) -> str:
    """The name of a service's image, without registry, owner and version."""
    return PurePosixPath(re.split("[:@](?=[^/]*$)", str(service["image"]))[0]).name


def parse_env(text: str) -> dict[str, str]:
    """The variables of an environment file: `NAME=value` lines, `#` begins a comment line."""
    lines = [line.strip() for line in text.splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}
