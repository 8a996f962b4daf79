"""Programs that judge our files: built from Go modules that their own folders pin."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.distributed.programs import ENGINE, ROOT

SCRIPT = ROOT / "scripts" / "engine.sh"


def judge(name: str) -> Path:
    """One of them, built when it is not there; CI must be able to."""
    if shutil.which("go") is None and not os.environ.get("CI"):
        pytest.skip(f"Go is missing, which builds {name}: install Go 1.25 or newer")
    subprocess.run([str(SCRIPT), name], check=True, timeout=300)
    return ENGINE / name / name
