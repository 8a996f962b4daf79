"""Promises about whole rooms: every error has a problem, every command its event, pure is pure."""

import inspect
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from taskflow.base.errors import TaskFlowError
from taskflow.chassis.problems import STATUS_OF, problem_of
from taskflow.runner.processes import MODULES, load
from taskflow.tasks import commands, floating, instance_commands

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "taskflow"
# What removes rows for good tells nothing new: their deletion was told of when it happened.
SILENT = {"purge_trash", "owners_gone", "hold_zone", "hold_zones"}
# These call `save` or another command for each task that they change.
COMMANDS = {
    name: function
    for module in (commands, floating, instance_commands)
    for name, function in inspect.getmembers(module, inspect.iscoroutinefunction)
    if function.__module__ == module.__name__ and not name.startswith("_")
}


def descendants(kind: type[TaskFlowError]) -> list[type[TaskFlowError]]:
    return [kind for child in kind.__subclasses__() for kind in (child, *descendants(child))]


def import_everything() -> None:
    for path in SOURCE.rglob("*.py"):
        module = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
        if "migrations" not in module and not module.endswith("__main__"):
            import_module(module.removesuffix(".__init__"))


def test_every_error_has_a_problem_of_its_own_kind() -> None:
    import_everything()
    kinds = descendants(TaskFlowError)
    assert len(kinds) > len(STATUS_OF)
    for kind in kinds:
        error = kind.__new__(kind)
        error.detail = "what went wrong"  # type: ignore[misc, unused-ignore]
        for name in ("errors", "retry_after_seconds", "limit_bytes"):
            setattr(error, name, ())
        problem = problem_of(error)
        assert 400 <= problem.status < 600, kind
        assert problem.status != 500, kind
        assert problem.type.startswith("urn:taskflow:problem:")


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - SILENT))
def test_a_command_tells_of_what_it_changes(name: str) -> None:
    source = inspect.getsource(COMMANDS[name])
    assert re.search(r"await (record|save|_rewrite|append_caused|move)\(", source)


def test_a_command_never_opens_a_transaction_of_its_own() -> None:
    for name, function in COMMANDS.items():
        assert "transaction" in inspect.signature(function).parameters, name
        assert ".transaction(" not in inspect.getsource(function), name


def test_every_pure_module_says_so_and_is_held_to_it() -> None:
    contracts = _contracts()
    direct = set(contracts["7a Rules know no I/O (direct)"]["source_modules"])
    indirect = set(
        contracts["7b Rules reach no database or bus (even indirectly)"]["source_modules"]
    )
    assert direct == indirect
    pure = {
        ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
        for path in SOURCE.rglob("*.py")
        if re.match(r'"""[^"]*?\bPure\b', path.read_text())
    }
    unheld = {
        module
        for module in pure
        if not any(module == held or module.startswith(f"{held}.") for held in direct)
    }
    assert unheld == set()


def test_the_database_is_reached_by_its_driver_in_one_room() -> None:
    reaching = {
        path.relative_to(SOURCE).parts[0]
        for path in SOURCE.rglob("*.py")
        if re.search(r"^\s*(import asyncpg|from asyncpg)", path.read_text(), re.MULTILINE)
        and "TYPE_CHECKING" not in path.read_text()
    }
    assert reaching <= {"db", "runner", "cli"}


def test_a_service_is_a_folder_and_a_line() -> None:
    folders = {path.name for path in (SOURCE / "services").iterdir() if (path / "main.py").exists()}
    assert folders == {module.split(".")[-2] for module in MODULES.values()}
    services = [load(name) for name in MODULES]
    assert [service.name for service in services] == list(MODULES)
    assert [service.port_offset for service in services] == list(range(len(services)))


def test_no_service_brings_a_redis_client_along_where_there_is_no_redis() -> None:
    program = "import sys; from taskflow.runner.processes import MODULES, load"
    program += "; [load(name) for name in MODULES]; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def _contracts() -> dict[str, Any]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {one["name"]: one for one in project["tool"]["importlinter"]["contracts"]}
