"""Liveness and readiness: alive says that the process answers, ready names what it lacks."""

import asyncio
from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from taskflow.base.errors import TaskFlowError
from taskflow.chassis.service import Check

CHECK_SECONDS: Final = 2.0


class Dependency(Struct, omit_defaults=True):
    """The state of one thing that a service needs."""

    state: Literal["up", "down"]
    detail: str = ""


class Readiness(Struct):
    """Whether a service can do all of its work, and the state of each thing that it needs."""

    status: Literal["ready", "not ready"]
    service: str
    dependencies: dict[str, Dependency]


class Liveness(Struct):
    """The process answers."""

    status: Literal["ok"]
    service: str
    version: str


async def readiness(service: str, checks: Mapping[str, Check]) -> Readiness:
    """Ask everything that a service needs, at once and with an end."""
    states = await asyncio.gather(*(_ask(check) for check in checks.values()))
    dependencies = dict(zip(checks, states, strict=True))
    is_ready = all(dependency.state == "up" for dependency in states)
    return Readiness("ready" if is_ready else "not ready", service, dependencies)


async def _ask(check: Check) -> Dependency:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except TimeoutError:
        return Dependency("down", f"no answer within {CHECK_SECONDS:g} s")
    except TaskFlowError as error:
        return Dependency("down", error.detail)
    return Dependency("up")
