"""What no log line shows."""

import io
import json
import logging
import sys
from typing import Literal

import pytest
import structlog

from taskflow.accounts.tokens import PERSONAL_PREFIX, REFRESH_PREFIX, new_opaque
from taskflow.base import logs

SECRETS = [
    "tfp_4ptgzNrNgMpCfxLydB5IeolmNzt3utxa0_-Ipvofsmw",
    "tfr_6iMAgFNhC7kLU1EMvNXEMlyKdi37EfrdDJlLkaYenio",
    "tft_83SSDxmF2psNA9PE6_lsXu8VfO7ZIdfAFflqoMeUxm-",
    "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl-_",
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----",
]


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: str(secret)[:5])
@pytest.mark.parametrize("frame", ["{}", "value '{}' is odd", "(id, {}, UTC)", '"{}"', "{}\nnext"])
def test_what_looks_like_a_secret_is_blanked_wherever_it_stands(secret: str, frame: str) -> None:
    line = logs.scrub(None, "error", frame.format(secret))
    assert not any(part in line for part in secret.splitlines())
    assert line.startswith(frame.partition("{")[0])


@pytest.mark.parametrize(
    "line", ["task.created", "a_tfp_", "tfp_short", "eyJ", "argon2 takes 20 ms", "0190a000-0000"]
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert logs.scrub(None, "info", line) == line


def fail(reason: str) -> None:
    raise ValueError(f"cannot use {reason}")


def test_every_fresh_token_looks_like_a_secret() -> None:
    for prefix in (PERSONAL_PREFIX, REFRESH_PREFIX):
        assert logs.scrub(None, "info", new_opaque(prefix)) == "***"


@pytest.mark.parametrize("style", ["console", "json"])
@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: str(secret)[:5])
def test_a_traceback_and_the_standard_library_are_scrubbed_too(
    monkeypatch: pytest.MonkeyPatch, style: Literal["console", "json"], secret: str
) -> None:
    written = io.StringIO()
    root = logging.getLogger()
    before = (root.handlers[:], root.level, structlog.get_config())
    monkeypatch.setattr(sys, "stderr", written)
    try:
        logs.configure("debug", style)
        try:
            fail(secret)
        except ValueError as error:
            structlog.get_logger().error("request.failed", exc_info=error, password=secret)
            logging.getLogger("library").exception("failed with %s", secret)
    finally:
        root.handlers[:], level, config = before
        root.setLevel(level)
        structlog.configure(**config)
    text = written.getvalue()
    assert text.count("cannot use ***") == 2
    assert not any(part in text for part in secret.splitlines())
    if style == "json":
        events = [json.loads(line)["event"].partition(" ")[0] for line in text.splitlines()]
        assert events == ["request.failed", "failed"]
