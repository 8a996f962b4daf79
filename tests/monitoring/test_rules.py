"""The alerts fire when they should and not otherwise, and each says what to do."""

import re
from pathlib import Path

import pytest
import yaml
from tests.monitoring.judged import MONITORING, ROOT, expressions, promtool, rules

RUNBOOK = ROOT / "docs" / "operate" / "alerts.md"
CONFIGURATIONS = sorted(path.name for path in MONITORING.glob("prometheus*.yaml"))


def test_prometheus_can_read_the_alerts() -> None:
    judged = promtool("check", "rules", "--lint=all", str(MONITORING / "alerts.yaml"))
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_alerts_fire_when_they_should_and_say_so_in_words() -> None:
    judged = promtool("test", "rules", str(MONITORING / "alerts.test.yaml"))
    assert judged.returncode == 0, judged.stdout + judged.stderr


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_prometheus_can_read_what_to_scrape(name: str, tmp_path: Path) -> None:
    text = (MONITORING / name).read_text()
    # Debian builds Prometheus without Kubernetes; everything else of the file is judged.
    text = text.replace("kubernetes_sd_configs:\n      - role: pod", "static_configs: []")
    (tmp_path / name).write_text(text)
    (tmp_path / "alerts.yaml").write_bytes((MONITORING / "alerts.yaml").read_bytes())
    judged = promtool("check", "config", str(tmp_path / name))
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_every_expression_is_one(tmp_path: Path) -> None:
    named = [{"record": f"judged:{n}", "expr": one} for n, one in enumerate(expressions())]
    assert len(named) > 50
    path = tmp_path / "expressions.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "judged", "rules": named}]}))
    judged = promtool("check", "rules", str(path))
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_every_alert_has_a_test_that_it_fires_and_one_that_it_does_not() -> None:
    tests = yaml.safe_load((MONITORING / "alerts.test.yaml").read_text())["tests"]
    seen = [one for test in tests for one in test["alert_rule_test"]]
    names = {rule["alert"] for rule in rules()}
    assert {one["alertname"] for one in seen if one["exp_alerts"]} == names
    assert {one["alertname"] for one in seen if not one["exp_alerts"]} == names


def test_every_alert_leads_to_what_to_do_about_it() -> None:
    headings = re.findall(r"^## (\w+)$", RUNBOOK.read_text(), re.MULTILINE)
    assert headings == [rule["alert"] for rule in rules()]
    for rule in rules():
        anchor = f"docs/operate/alerts.md#{rule['alert'].lower()}"
        assert rule["annotations"]["runbook"] == anchor
        assert rule["labels"]["severity"] in {"warning", "critical"}


def test_what_to_do_has_its_parts() -> None:
    sections = re.split(r"^## ", RUNBOOK.read_text(), flags=re.MULTILINE)[1:]
    for section in sections:
        for part in ("**Means.**", "**People notice.**", "**Do.**"):
            assert part in section, section.splitlines()[0]
