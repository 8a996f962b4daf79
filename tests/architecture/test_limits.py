"""Limits of the style that no linter holds."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "taskflow"
PYTHON = sorted(
    path
    for folder in ("src", "tests", "benchmarks", "web")
    for path in (ROOT / folder).rglob("*.py")
    if "node_modules" not in path.parts
)
PAGE = sorted(
    path
    for suffix in ("ts", "svelte")
    for path in (ROOT / "web").rglob(f"*.{suffix}")
    if "node_modules" not in path.parts and path.name != "generated.ts"
)
# What ruff's SLF rule says of tests holds for the product; a reason stands on the line itself.
SKIPPING = {"skip", "skipif", "importorskip"}


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def test_a_file_holds_one_idea() -> None:
    limits = [*((path, 300) for path in PYTHON), *((path, 250) for path in PAGE)]
    sizes = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path, _ in limits}
    long = {
        str(path.relative_to(ROOT)): sizes[path.relative_to(ROOT)]
        for path, limit in limits
        if sizes[path.relative_to(ROOT)] > limit
    }
    assert long == {}


def test_no_function_of_the_product_needs_more_than_a_glance() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and _lines_of_code(node) > 30
        and "migrations" not in path.parts
    ]
    assert long == []


def test_everything_is_caught_where_events_come_in_and_else_only_to_undo_and_raise() -> None:
    catching = [
        path.name
        for path in SOURCE.rglob("*.py")
        if re.search(r"except (Base)?Exception\b(?! as group)", path.read_text())
    ]
    assert sorted(catching) == ["consumer.py", "deliveries.py", "postgres.py", "transaction.py"]


def test_nobody_but_the_transaction_commits() -> None:
    committing = [path.name for path in SOURCE.rglob("*.py") if ".commit()" in path.read_text()]
    assert committing == ["undoing.py"]


def test_nothing_is_left_to_do_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
    found = [
        name
        for path, name in zip(PYTHON + PAGE, names(PYTHON + PAGE), strict=True)
        if marks.search(path.read_text()) and path != Path(__file__)
    ]
    assert found == []


def test_no_folder_or_module_is_a_drawer_for_anything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "manager", "data", "info", "misc"}
    found = [path for path in SOURCE.rglob("*.py") if {path.stem, path.parent.name} & drawers]
    assert found == []


def test_a_unit_test_stands_where_its_module_does() -> None:
    unit = ROOT / "tests" / "unit"
    strays = [
        str(path.relative_to(ROOT))
        for path in unit.rglob("test_*.py")
        if not (SOURCE / path.parent.relative_to(unit) / path.name.removeprefix("test_")).exists()
    ]
    assert strays == []


def test_every_test_asserts_something() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not any(_asserts(inner) for inner in ast.walk(node))
    ]
    assert silent == []


def test_a_skip_says_what_is_missing() -> None:
    found = [call for path in (ROOT / "tests").rglob("*.py") for call in _skips(path)]
    wordless = [ast.unparse(call) for call in found if not (call.args or call.keywords)]
    assert wordless == []


def _lines_of_code(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body, without the docstring."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return body[-1].end_lineno - body[0].lineno + 1 if body and body[-1].end_lineno else 0


def _asserts(node: ast.AST) -> bool:
    """An assertion, or a call that makes one: pytest.raises, expect, assert_…, must_…"""
    if isinstance(node, ast.Assert):
        return True
    called = node.func if isinstance(node, ast.Call) else None
    name = getattr(called, "attr", getattr(called, "id", ""))
    return bool(re.match(r"_?(raises|expect|assert|must|warns|run_state_machine)", name))


def _skips(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in SKIPPING:
            yield node
