"""Limits of the style that no linter holds."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_everything_is_caught_at_the_consumers_rim_and_else_only_to_undo_and_raise() -> None:
    catching = [
        path.name
        for path in (ROOT / "src").rglob("*.py")
        if re.search(r"except (Base)?Exception\b(?! as group)", path.read_text())
    ]
    assert sorted(catching) == ["consumer.py", "postgres.py", "transaction.py"]


def test_nobody_but_the_transaction_commits() -> None:
    committing = [
        path.name for path in (ROOT / "src").rglob("*.py") if ".commit()" in path.read_text()
    ]
    assert committing == []
