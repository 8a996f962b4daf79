"""The one origin: nginx with the project's own configuration, as a process of this machine."""

import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.distributed.composed import LOCALHOST, Composed, Machine, Model, PortOf
from tests.distributed.judges import need
from tests.distributed.programs import ROOT, STEP_SECONDS, Program, listens

CONFIGURATION = ROOT / "compose" / "nginx" / "nginx.conf"
TLS_PORT, HEALTH_PORT = 8443, 8081
WAIT_SECONDS = 10
_LISTEN = re.compile(r"listen (?:[\d.]+:)?(\d+)")


def make_secrets(folder: Path) -> Path:
    """The secrets of an installation, made by the project's own script."""
    command = [str(ROOT / "scripts" / "make_secrets.sh"), str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return folder


class Nginx(Program):
    """nginx in front of services of this machine.

    Args:
        folder: For its configuration, its log and what it keeps for a while.
        model: What the loader made of docker-compose.yaml.
        secrets: Where its certificate is.
        port_of: The local ports, its own two among them.
        instead: Pieces of the configuration that the test is about, and what stands there instead.
    """

    def __init__(
        self,
        folder: Path,
        model: Model,
        secrets: Path,
        port_of: PortOf,
        instead: Mapping[str, str] | None = None,
    ) -> None:
        program = need("nginx", "Debian's nginx-light")
        folder.mkdir(parents=True)
        machine = Machine(port_of=port_of, secrets=secrets, volumes=folder)
        text = Composed(model, machine).text_of("nginx", CONFIGURATION.read_text())
        text = _LISTEN.sub(lambda one: f"listen {LOCALHOST}:{port_of('nginx', int(one[1]))}", text)
        text = text.replace("/dev/stdout", str(folder / "access.log"))
        (folder / "nginx-tmp").mkdir()
        for piece, other in (instead or {}).items():
            assert piece in text, piece
            text = text.replace(piece, other)
        self.configuration = folder / "nginx.conf"
        self.configuration.write_text(text)
        self.port = port_of("nginx", TLS_PORT)
        self.url = f"https://localhost:{self.port}"
        self.certificate = secrets / "tls_certificate.pem"
        self._access = folder / "access.log"
        command = [program, "-p", str(folder), "-e", "stderr", "-c", str(self.configuration)]
        super().__init__(
            "nginx", [*command, "-g", "daemon off;"], folder, is_ready=listens(self.port)
        )

    def workers(self) -> set[int]:
        """The processes that serve."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return {int(one) for one in children.split()}

    def wait_gone(self, workers: set[int]) -> None:
        """Wait until these processes have ended: they finish what they have begun."""
        deadline = time.monotonic() + WAIT_SECONDS
        while workers & self.workers():
            assert time.monotonic() < deadline, "requests are still under way"
            time.sleep(STEP_SECONDS)

    def requests(self) -> list[list[str]]:
        """What was asked: address, method, path, status, bytes, seconds, the service's address."""
        return [line.split() for line in self._access.read_text().splitlines()]

    def asked(self, path: str, nth: int = 1) -> list[str]:
        """A request for a path; nginx writes it down just after it has answered."""
        deadline = time.monotonic() + WAIT_SECONDS
        while len(found := [one for one in self.requests() if one[2] == path]) < nth:
            assert time.monotonic() < deadline, self._access.read_text()
            time.sleep(STEP_SECONDS)
        return found[nth - 1]
