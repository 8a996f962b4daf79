"""What is checked in under contracts/ is what the code makes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from taskflow.runner.contracts import contract_files, main

FOLDER = Path(__file__).parents[2] / "contracts"
MADE = contract_files()
REMEDY = "`make contracts` writes it anew; look at the difference before you commit it"


@pytest.mark.parametrize("name", sorted(MADE))
def test_a_checked_in_contract_is_what_the_code_makes(name: str) -> None:
    path = FOLDER / name
    kept = path.read_text() if path.exists() else ""
    assert kept == MADE[name], f"contracts/{name} is not current: {REMEDY}"


def test_nothing_else_is_checked_in_as_a_contract() -> None:
    found = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert found == set(MADE), f"contracts/ has other files than the code makes: {REMEDY}"


def test_another_process_makes_the_same_files_and_removes_what_is_none_of_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "task.forgotten.schema.json").write_text("{}")
    subprocess.run(
        [sys.executable, "-m", "taskflow.runner.contracts", str(tmp_path)],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    found = {
        path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.rglob("*.json")
    }
    assert found == MADE


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    main(tmp_path)
    before = {path: path.stat().st_size for path in tmp_path.rglob("*.json")}
    main(tmp_path)
    assert {path: path.stat().st_size for path in tmp_path.rglob("*.json")} == before
