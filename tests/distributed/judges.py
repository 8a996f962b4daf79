"""Programs of this machine that a test needs, and those that judge our files.

Where one is missing the test says so and is skipped; in CI it fails.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.distributed.programs import ENGINE, ROOT

SCRIPT = ROOT / "scripts" / "engine.sh"


def judge(name: str) -> Path:
    """A program that judges our files, built from the Go module that its own folder pins."""
    need("go", "Go 1.26 or newer")
    subprocess.run([str(SCRIPT), name], check=True, timeout=300)
    return ENGINE / name / name


def need(program: str, install: str) -> str:
    """The path of a program; what to install when it is not there."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if found is None:
        sentence = f"{program} is missing; install {install}"
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return found
