"""Liveness and readiness: alive says that the process answers, ready names what it lacks."""

import asyncio
from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from taskflow.base.errors import TaskFlowError
from taskflow.chassis.service import Check

CHECK_SECONDS: Final = 2.0


class Dependency(Struct, omit_defaults=True):
    """The state of one thing that a service uses; what is optional it can do without."""

    state: Literal["up", "down"]
    detail: str = ""
    optional: bool = False


class Readiness(Struct):
    """Whether a service can do all of its work, and the state of each thing that it needs.

    Attributes:
        installation: The same for all services of one TaskFlow, and for no other's.
    """

    status: Literal["ready", "not ready"]
    service: str
    dependencies: dict[str, Dependency]
    installation: str = ""


class Liveness(Struct):
    """The process answers."""

    status: Literal["ok"]
    service: str
    version: str


async def readiness(
    service: str,
    checks: Mapping[str, Check],
    optional: Mapping[str, Check],
    installation: str = "",
) -> Readiness:
    """Ask everything that a service uses, at once and with an end.

    Args:
        service: Its name.
        checks: What it needs, by name.
        optional: What it can do without.
        installation: Which TaskFlow it is of.
    """
    every = {**checks, **optional}
    states = await asyncio.gather(*(_ask(check, name in optional) for name, check in every.items()))
    dependencies = dict(zip(every, states, strict=True))
    is_ready = all(found.state == "up" or found.optional for found in states)
    status: Literal["ready", "not ready"] = "ready" if is_ready else "not ready"
    return Readiness(status, service, dependencies, installation)


async def _ask(check: Check, optional: bool) -> Dependency:  # noqa: FBT001 - private
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except TimeoutError:
        return Dependency("down", f"no answer within {CHECK_SECONDS:g} s", optional)
    except TaskFlowError as error:
        return Dependency("down", error.detail, optional)
    return Dependency("up", optional=optional)
