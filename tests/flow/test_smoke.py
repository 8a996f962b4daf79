"""The walk-through script, as an operator runs it."""

import subprocess
from pathlib import Path

from tests.product import Product

SCRIPT = Path(__file__).parents[2] / "scripts" / "smoke_test_phase5.sh"


def smoke(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_walk_through_script_passes_twice_and_leaves_no_account(product: Product) -> None:
    for address in (product.url, f"{product.url}/"):
        done = smoke(address)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "all passed" in done.stdout
        account = {"email": "test@example.com", "password": "Test123!"}
        assert product.visitor().post("/auth/login", json=account).status_code == 401


def test_the_walk_through_script_leaves_an_account_that_was_there_before(product: Product) -> None:
    account = {"email": "test@example.com", "password": "Test123!"}
    visitor = product.visitor()
    visitor.post("/auth/register", json=account | {"name": "Somebody"})
    done = smoke(product.url)
    assert (done.returncode, "was there before" in done.stdout) == (0, True), done.stdout
    assert visitor.post("/auth/login", json=account).status_code == 200
    assert visitor.delete("/auth/me", headers={"Origin": product.url}).status_code == 204


def test_the_walk_through_script_says_when_nothing_is_there() -> None:
    done = smoke("http://127.0.0.1:9/")
    assert done.returncode == 1
    assert done.stdout + done.stderr == (
        "nothing answers at http://127.0.0.1:9; start TaskFlow with `make up`\n"
    )
