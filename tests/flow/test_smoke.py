"""The walk-through script, as an operator runs it."""

import subprocess
from pathlib import Path

from tests.product import Product

SCRIPT = Path(__file__).parents[2] / "scripts" / "smoke_test_phase5.sh"


def test_the_walk_through_script_passes_twice_on_a_running_system(product: Product) -> None:
    for _ in range(2):
        done = subprocess.run(
            [SCRIPT, product.url], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "all passed" in done.stdout


def test_the_walk_through_script_says_when_nothing_is_there() -> None:
    done = subprocess.run(
        [SCRIPT, "http://127.0.0.1:9"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "task-api is ready: got '000', expected '200'" in done.stdout
    assert "8 failed; the rest needs a task" in done.stdout
