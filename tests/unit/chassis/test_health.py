"""Readiness names everything that is away, and waits only for what is needed."""

from taskflow.base.errors import Unavailable
from taskflow.chassis.health import Dependency, readiness


async def up() -> None:
    """Answers."""


async def away() -> None:
    raise Unavailable("it is away")


async def test_what_is_optional_is_named_and_not_waited_for() -> None:
    found = await readiness("reminder", {"database": up}, {"redis": away})
    assert found.status == "ready"
    assert found.dependencies == {
        "database": Dependency("up"),
        "redis": Dependency("down", "it is away", optional=True),
    }


async def test_what_is_needed_is_waited_for() -> None:
    found = await readiness("reminder", {"database": away}, {"redis": up})
    assert found.status == "not ready"
    assert found.dependencies["redis"] == Dependency("up", optional=True)
