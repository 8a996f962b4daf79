"""Who acts through a door, and on which version: for every service that writes tasks."""

from typing import Annotated, Final

from litestar.params import HeaderParameter

from taskflow.accounts.model import Identity
from taskflow.chassis.tracing import present
from taskflow.tasks.model import Actor

MAX_DIGITS: Final = 9
IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        required=False,
        description="The `ETag` that the change is made to; 412 when it has another by now.",
    ),
]


def actor_of(caller: Identity) -> Actor:
    """The caller as the one who acts, with the trace of the request."""
    trace = present()
    return Actor(
        caller.user_id,
        caller.actor_type,
        caller.actor_id,
        caller.name,
        trace.correlation_id,
        None,
        trace.traceparent,
    )


def version_of(if_match: str | None) -> int | None:
    """The version that `If-Match` names; one that never was where it names none of ours."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else -1
