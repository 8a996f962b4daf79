"""The workflow: accepted by actionlint, pinned, with no more rights than it needs."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.distributed.judges import judge
from tests.distributed.programs import ROOT

FILE = ROOT / ".github" / "workflows" / "ci.yaml"
PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")
USES = re.compile(r"uses: (\S+)(.*)")
ON_A_TAG = "startsWith(github.ref, 'refs/tags/v')"
# One that reaches no database, and says by which certificates it would have known it.
AUDITOR = """#!/bin/sh
while [ "$1" != --output ]; do shift; done
reason="no route ($REQUESTS_CA_BUNDLE)"
echo '{"dependencies": [{"name": "attrs", "skip_reason": "'$reason'"}]}' >"$2"
"""
READ = {"contents": "read"}


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    """The workflow as it is read."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return found


def test_actionlint_has_no_complaint() -> None:
    command = [str(judge("actionlint")), "-no-color", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_action_is_pinned_by_its_commit_and_says_its_version() -> None:
    used = USES.findall(FILE.read_text())
    assert len(used) > 10
    commits: dict[str, set[str]] = {}
    for action, comment in used:
        assert PINNED.match(action), action
        assert re.match(r" # v\d+\.\d+\.\d+$", comment), action
        commits.setdefault(action.partition("@")[0], set()).add(action + comment)
    assert all(len(versions) == 1 for versions in commits.values()), commits


def test_nothing_is_checked_but_by_the_script(workflow: dict[str, Any]) -> None:
    steps = workflow["jobs"]["check"]["steps"]
    assert steps[-1] == {"run": ".ci/run"}
    assert len([step for step in steps if "run" in step]) == 2


def test_rights_are_given_job_by_job_and_only_a_tag_may_publish(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 60, name
        if job["permissions"] != READ:
            assert job["if"] == ON_A_TAG, name
            assert job["environment"] == "release", name
            assert needed_by(workflow, name) >= {"check", "image", "distributed", "package"}, name


def needed_by(workflow: dict[str, Any], name: str) -> set[str]:
    """What has passed before a job begins."""
    needs = workflow["jobs"][name].get("needs", [])
    return set(needs) | {one for other in needs for one in needed_by(workflow, other)}


def test_no_checkout_leaves_its_token_behind(workflow: dict[str, Any]) -> None:
    checkouts = [
        step
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/checkout@")
    ]
    assert len(checkouts) >= 5
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_no_step_puts_what_strangers_write_into_a_script(workflow: dict[str, Any]) -> None:
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), step


@pytest.mark.parametrize(("mode", "code"), [("1", 0), ("required", 1)])
def test_an_audit_that_can_ask_nobody_is_a_warning_and_a_release_needs_one(
    tmp_path: Path, mode: str, code: int
) -> None:
    auditor = tmp_path / "pip-audit"
    auditor.write_text(AUDITOR)
    auditor.chmod(0o755)
    kept = {"REQUESTS_CA_BUNDLE", "CI", "GITHUB_ACTIONS"}
    clean = {name: value for name, value in os.environ.items() if name not in kept}
    path = f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    ci = {"PATH": path, "CI": "true", "GITHUB_ACTIONS": "true", "TASKFLOW_AUDIT": mode}
    done = subprocess.run(
        [ROOT / "scripts" / "audit.sh"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=clean | ci | {"SSL_CERT_FILE": str(auditor)},
    )
    assert done.returncode == code, done.stdout + done.stderr
    warning = done.stdout.splitlines()[-1]
    assert warning.startswith("::warning::nobody has looked for known vulnerabilities")
    assert f"no route ({auditor})" in warning


def test_a_release_is_audited(workflow: dict[str, Any]) -> None:
    mode = workflow["jobs"]["check"]["env"]["TASKFLOW_AUDIT"]
    assert mode == "${{ startsWith(github.ref, 'refs/tags/v') && 'required' || '1' }}"


def test_a_release_is_never_cut_short(workflow: dict[str, Any]) -> None:
    assert "refs/tags/" in workflow["concurrency"]["cancel-in-progress"]
