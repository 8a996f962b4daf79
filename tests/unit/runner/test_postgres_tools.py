"""What PostgreSQL's programs write, made fit for every server that we serve."""

from pathlib import Path

import pytest

from taskflow.base.errors import Unavailable
from taskflow.runner.postgres_binaries import Binaries
from taskflow.runner.postgres_tools import Tools, for_any_server

SCRIPT = b"""\\restrict x

SET statement_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';

CREATE TABLE tasks.tasks (
    id uuid NOT NULL
);
ALTER TABLE ONLY tasks.tasks ALTER COLUMN id SET (pg_attver=44989480);
ALTER TABLE ONLY tasks.tasks ALTER COLUMN id SET (n_distinct=5);
"""


def test_a_script_tells_a_server_nothing_that_only_some_understand() -> None:
    kept = [line for line in for_any_server(SCRIPT).splitlines() if line]
    dropped = [line for line in SCRIPT.splitlines() if line and line not in kept]
    assert dropped == [
        b"SET transaction_timeout = 0;",
        b"ALTER TABLE ONLY tasks.tasks ALTER COLUMN id SET (pg_attver=44989480);",
    ]
    assert len(kept) == len([line for line in SCRIPT.splitlines() if line]) - 2


def test_a_server_that_is_newer_than_the_tools_is_refused() -> None:
    tools = Tools(Binaries(Path("bin"), 18))
    tools.refuse_newer(18)
    with pytest.raises(Unavailable, match="PostgreSQL 19, but pg_dump here is of 18"):
        tools.refuse_newer(19)
