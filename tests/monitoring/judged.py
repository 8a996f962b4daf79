"""What stands under monitoring/, the names that it uses, and the program that judges it."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "monitoring"
PROMTOOL = ROOT / ".tools" / "engine" / "promtool" / "promtool"
MISSING = "promtool is missing: scripts/engine.sh promtool"
NAME = re.compile(r"\b(?:taskflow|dapr|process(?!_status))_[a-z0-9_]+\b")
# What one family of a histogram is shown as.
PARTS = re.compile(r"_(bucket|sum|count)$")
# Grafana fills these in; any value of the right kind makes an expression that can be judged.
VARIABLES = {"$__rate_interval": "1m", "$instance": ".*"}


def promtool(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """What promtool says; without it a person's run skips and CI's fails, both saying why."""
    path = str(PROMTOOL) if PROMTOOL.exists() else shutil.which("promtool")
    if path is None and os.environ.get("CI"):
        pytest.fail(MISSING, pytrace=False)
    if path is None:
        pytest.skip(MISSING)
    return subprocess.run(
        [path, *arguments], input=stdin, capture_output=True, text=True, check=False
    )


DASHBOARDS = ("grafana-dashboard.json", "grafana-reminders.json")


def dashboard(name: str = DASHBOARDS[0]) -> dict[str, Any]:
    """A dashboard as it is given to Grafana."""
    found: dict[str, Any] = json.loads((MONITORING / name).read_text())
    return found


def panels() -> list[dict[str, Any]]:
    """What the dashboards show, without the headings of their rows."""
    found = [panel for name in DASHBOARDS for panel in dashboard(name)["panels"]]
    return [panel for panel in found if panel["type"] != "row"]


def rules() -> list[dict[str, Any]]:
    """All alerts."""
    groups = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> Iterator[str]:
    """Every expression of the dashboards and of the alerts, as Prometheus sees it."""
    for panel in panels():
        yield from (filled_in(target["expr"]) for target in panel["targets"])
    for name in DASHBOARDS:
        yield from (filled_in(one["expr"]) for one in dashboard(name)["annotations"]["list"])
    yield from (rule["expr"] for rule in rules())


def filled_in(expression: str) -> str:
    """An expression with Grafana's variables filled in."""
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    return expression


def names_in(text: str) -> set[str]:
    """The metrics that a text names; a histogram by its own name, whichever part is meant."""
    return {PARTS.sub("", name) for name in NAME.findall(text)}


def used() -> set[str]:
    """The metrics that the dashboards and the alerts use."""
    return {name for expression in expressions() for name in names_in(expression)}


def documented() -> set[str]:
    """The metrics that the pages for operators name in code."""
    pages = [ROOT / "docs" / "operate" / name for name in ("monitoring.md", "alerts.md")]
    code = [span for page in pages for span in re.findall(r"`([^`]+)`", page.read_text())]
    return {name for span in code for name in names_in(span)}
