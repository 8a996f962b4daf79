"""The Dockerfile: accepted by hadolint, and held to what the image promises."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.distributed.programs import ROOT

FILE = ROOT / "Dockerfile"
IGNORED = ROOT / ".dockerignore"
LINES = FILE.read_text().replace("\\\n", " ").splitlines()


def instructions(name: str) -> list[str]:
    """The arguments of every instruction of a kind."""
    return [line.partition(" ")[2] for line in LINES if line.startswith(f"{name} ")]


def test_hadolint_has_no_complaint() -> None:
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert program is not None
    done = subprocess.run([program, str(FILE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_base_is_one_exact_version_and_the_label_says_it() -> None:
    (base,) = re.findall(r"ARG PYTHON=(\S+)", FILE.read_text())
    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", base)
    assert f"docker.io/library/{base}" in FILE.read_text()
    assert {one.split(" ")[0] for one in instructions("FROM")} == {"${PYTHON}", "build", "base"}


def test_the_process_is_nobody_and_is_told_to_stop_itself() -> None:
    assert instructions("USER") == ["10001:10001"]
    assert instructions("ENTRYPOINT") == ['["taskflow"]']
    assert instructions("STOPSIGNAL") == ["SIGTERM"]
    (health,) = instructions("HEALTHCHECK")
    assert health.endswith('CMD ["taskflow", "health"]')


def test_what_ends_in_the_image_is_copied_from_a_stage_alone() -> None:
    final = FILE.read_text().partition("AS base")[2]
    copies = re.findall(r"^COPY (.*)$", final, re.MULTILINE)
    assert copies == [
        "--from=build /opt/taskflow /opt/taskflow",
        "--from=without-postgres /opt/taskflow /opt/taskflow",
    ]
    assert "pip install" not in final
    installs = re.findall(r"pip (?:--python \S+ )?install [^&]*", " ".join(instructions("RUN")))
    assert len(installs) == 3
    assert all("--require-hashes" in one or "--no-deps" in one for one in installs)


@pytest.mark.parametrize(
    "source",
    ["requirements/build.txt", "requirements/run.txt", "LICENSE", "README.md", "web", "src"],
)
def test_what_is_copied_is_let_in_and_nothing_else(source: str) -> None:
    allowed = IGNORED.read_text().splitlines()
    assert allowed[1] == "*"
    assert f"!{source}" in allowed
    assert (ROOT / source).exists()
