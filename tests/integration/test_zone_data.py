"""The rules of time zones come from the package that is pinned, whatever the machine has."""

import os
import re
import subprocess
import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

PINNED = Path(__file__).parents[2] / "requirements" / "run.txt"
ASK = """
from datetime import datetime
from taskflow.tasks.zones import parse_zone
from zoneinfo import ZoneInfo
for zone in (parse_zone("Europe/Berlin"), ZoneInfo("Europe/Berlin")):
    print(datetime(2026, 1, 1, tzinfo=zone).utcoffset())
"""


def test_a_machine_with_other_rules_is_not_listened_to(tmp_path: Path) -> None:
    (tmp_path / "Europe").mkdir()
    tokyo = files("tzdata").joinpath("zoneinfo/Asia/Tokyo").read_bytes()
    (tmp_path / "Europe" / "Berlin").write_bytes(tokyo)
    told = subprocess.run(
        [sys.executable, "-c", ASK],
        env=os.environ | {"PYTHONTZPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["1:00:00", "1:00:00"]


def test_the_rules_are_of_the_version_that_is_pinned() -> None:
    pinned = re.search(r"^tzdata==(\S+)", PINNED.read_text(), re.MULTILINE)
    assert pinned is not None
    assert version("tzdata") == pinned[1]
