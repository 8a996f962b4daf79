"""docker-compose.yaml, as the Compose specification's own loader understands it."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.distributed.judges import judge
from tests.distributed.programs import ROOT

FILE = ROOT / "docker-compose.yaml"


def load(file: Path = FILE) -> dict[str, Any]:
    """The normalised model; the loader refuses what the specification does not know."""
    done = subprocess.run(
        [str(judge("compose-go")), str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    model: dict[str, Any] = json.loads(done.stdout)
    return model
