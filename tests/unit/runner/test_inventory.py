"""What two databases differ in."""

from taskflow.runner.backup_file import Inventory
from taskflow.runner.inventory import difference


def test_databases_with_the_same_rows_do_not_differ() -> None:
    rows = {"tasks.tasks": 2, "delivery.outbox": 0}
    assert difference(Inventory(rows, []), Inventory(dict(rows), [])) is None


def test_a_row_or_a_table_less_or_more_is_told() -> None:
    expected = Inventory({"tasks.tasks": 2}, [])
    assert difference(expected, Inventory({"tasks.tasks": 1}, [])) == (
        "tasks.tasks has 1 rows, the backup says 2 rows"
    )
    assert difference(expected, Inventory({}, [])) == (
        "tasks.tasks is not there, the backup says 2 rows"
    )
    assert difference(expected, Inventory({"tasks.tasks": 2, "a.b": 0}, [])) == (
        "a.b has 0 rows, the backup has no such table"
    )
