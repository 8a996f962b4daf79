"""What the guide says of phrases is so."""

import re
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from taskflow.tasks.phrases.understanding import Origin, understand

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "phrases.md"
ROWS = re.findall(r"^\| (`.+) \| `(FREQ=\S+)` \|$", GUIDE.read_text(), re.MULTILINE)
EXAMPLES = [(text, rule) for texts, rule in ROWS for text in re.findall(r"`([^`]+)`", texts)]
PARTS = [
    text
    for texts in re.findall(
        r"^\| (`(?:until|for|starting|from|except).+?) \|", GUIDE.read_text(), re.MULTILINE
    )
    for text in re.findall(r"`([^`]+)`", texts)
]
START = datetime.fromisoformat("2026-03-02T09:00")
ORIGIN = Origin(date(2026, 3, 2), START, ZoneInfo("Europe/Berlin"))


def test_the_guide_has_examples() -> None:
    assert len(EXAMPLES) > 50
    assert len(PARTS) > 15


@pytest.mark.parametrize(("text", "rule"), EXAMPLES)
def test_an_example_of_the_guide_means_the_rule_beside_it(text: str, rule: str) -> None:
    assert understand(text, ORIGIN).recurrence.rule == rule


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_guide_is_understood_behind_every_day(part: str) -> None:
    assert understand(f"every day {part}", ORIGIN).recurrence.rule.startswith("FREQ=")
