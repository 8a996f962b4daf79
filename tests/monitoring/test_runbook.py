"""What the pages for operators name exists: commands, options, panels, lines of the log."""

import re
import shlex

import pytest
import typer
from tests.monitoring.judged import ROOT, panels

from taskflow.cli.app import MODULES, make_app

PAGES = {
    name: (ROOT / "docs" / "operate" / name).read_text() for name in ("alerts.md", "monitoring.md")
}
SOURCE = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))


def commands(page: str) -> set[str]:
    """The command lines of TaskFlow that a page tells somebody to type."""
    spans = re.findall(r"`(taskflow [^`]+)`", page)
    lines = re.findall(r"^    (taskflow [^#\n]+)", page, re.MULTILINE)
    return {line.strip() for line in (*spans, *lines)}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_commands_and_their_options_exist(name: str) -> None:
    root = typer.main.get_command(make_app(MODULES))
    found = commands(PAGES[name])
    assert found
    for line in found:
        command = root
        for word in shlex.split(line)[1:]:
            known = getattr(command, "commands", {})
            if word.startswith("--"):
                assert any(word in one.opts for one in command.params), line
            elif known:
                assert word in known, line
                command = known[word]


def test_panels_are_called_so() -> None:
    titles = {panel["title"] for panel in panels()}
    named = re.findall(r'(?:[Pp]anels?|and) "([^"]+)"', PAGES["alerts.md"])
    assert len(named) > 5
    assert [one for one in named if not any(title.startswith(one) for title in titles)] == []


@pytest.mark.parametrize("name", sorted(PAGES))
def test_lines_of_the_log_are_written_somewhere(name: str) -> None:
    named = re.findall(r"`([a-z]+\.[a-z_]+)`", PAGES[name])
    said = [one for one in named if one.rpartition(".")[2] not in {"md", "yaml", "json"}]
    assert len(said) > 2
    assert [one for one in said if f'"{one}"' not in SOURCE] == []
