"""The guides' examples, run as they stand."""

import re
import subprocess
from pathlib import Path

from tests.product import Product

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide"
README = ROOT / "README.md"
COMMAND = re.compile(r"^ {4,}((?:curl|for|field\(\)|[a-z]+=).*)$", re.MULTILINE)
# A stream has no end of its own.
STREAM_SECONDS = 3


def commands(name: str) -> list[str]:
    return COMMAND.findall((GUIDE / name).read_text())


def test_the_guides_commands_do_what_the_guides_say(product: Product) -> None:
    lines = [*commands("api.md"), *commands("events.md")]
    script = "\n".join(lines).replace("http://127.0.0.1:8000", product.url)
    script = script.replace("curl -N", f"curl -sN -m {STREAM_SECONDS}")
    done = subprocess.run(
        ["/bin/bash", "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    for promised in (
        '"email":"ada@example.com"',
        '"token":"tfp_',
        "HTTP/1.1 201 Created",
        'etag: "1"',
        '"priority":"high"',
        '"type":"urn:taskflow:problem:stale"',
        '"title":"Task 3"',
        '"errors":[{"field":"title","message":"must have 1 to 255 characters"}]',
        "event: ready",
        "id: 1\nevent: task.created",
        '"changes":{"priority":{"old":"medium","new":"high"}}',
    ):
        assert promised in done.stdout
    assert done.stdout.count("event: ready") == len([line for line in lines if "curl -N" in line])


def test_the_readmes_first_steps_work_as_they_stand(product: Product) -> None:
    block = re.search(r"^    api=.*?\n\n", README.read_text(), re.DOTALL | re.MULTILINE)
    assert block is not None
    script = block[0].replace("http://127.0.0.1:8000", product.url)
    script = script.replace("curl -N", f"curl -sN -m {STREAM_SECONDS}")
    done = subprocess.run(
        ["/bin/bash", "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    for promised in ('"email":"you@example.com"', '"title":"Water the plants"', "event: ready"):
        assert promised in done.stdout
