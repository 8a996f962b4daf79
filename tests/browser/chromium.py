"""The Chromium that the tests of the page run in, and what to do where there is none."""

import os
import shutil
from collections.abc import Mapping

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = "there is no Chromium on the PATH; on Debian: apt-get install chromium"


def find_chromium(environment: Mapping[str, str] = os.environ) -> str:
    """Where Chromium is; without one a person's run skips and CI's fails, both saying why."""
    found = (shutil.which(name, path=environment.get("PATH", "")) for name in NAMES)
    path = next((one for one in found if one), None)
    if path is None and environment.get("CI"):
        pytest.fail(MISSING, pytrace=False)
    if path is None:
        pytest.skip(MISSING)
    return path
