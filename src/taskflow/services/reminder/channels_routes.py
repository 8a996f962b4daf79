"""The doors to a person's channels."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from litestar import delete, get, patch, post
from msgspec import Meta, Struct

from taskflow.accounts.model import Identity
from taskflow.base.errors import Conflict, NotFound, TooMany, Unavailable
from taskflow.services.reminder.channels.addresses import KINDS, Kind, shown
from taskflow.services.reminder.channels.bodies import ChannelBody, ChannelPatch
from taskflow.services.reminder.channels.registry import Registry
from taskflow.services.reminder.channels.storage import Kept, Result

SENDING: Final = {"raises": (Conflict, TooMany)}
ADDING: Final = {"raises": (Conflict, NotFound, TooMany, Unavailable)}
CHANGING: Final = {"raises": (Conflict, TooMany, Unavailable)}


class ChannelKind(Struct):
    """A kind of channel; `reason` says why this installation has none."""

    kind: Kind
    is_available: bool
    reason: str | None


class ChannelResult(Struct):
    """What came of the last message."""

    at: datetime
    is_delivered: bool
    detail: str


class ChannelState(Struct):
    """A channel; of its `address` only as much is shown as tells it from others.

    `reason` says why it is off where its owner did not turn it off, `is_proven` whether its address
    was proven to be theirs.
    """

    id: UUID
    kind: Kind
    name: str
    address: str
    is_on: bool
    reason: str | None
    is_proven: bool
    last_result: ChannelResult | None
    created_at: datetime


class ChannelList(Struct):
    """The kinds that there are, and the caller's channels, the most preferred first."""

    kinds: list[ChannelKind]
    items: list[ChannelState]


class ChannelSecret(Struct):
    """A channel with the secret that a webhook is signed with, which is shown this once."""

    channel: ChannelState
    secret: str | None


class ChannelTest(Struct):
    """What came of a test: the receipt, or the reason and whether trying again is in vain."""

    is_delivered: bool
    detail: str
    is_final: bool
    retry_after_seconds: int | None


class CodeBody(Struct, forbid_unknown_fields=True):
    """The code that was sent."""

    code: Annotated[str, Meta(pattern="^[0-9]{8}$")]


class PushKey(Struct):
    """The installation's key, as `PushManager.subscribe` takes it."""

    key: str


@get("/reminders/channels", tags=["channels"])
async def list_channels(caller: Identity, registry: Registry) -> ChannelList:
    """The ways by which the caller is reminded beside the page, and those that there are."""
    kinds = []
    for kind in KINDS:
        reason = registry.channels.why_off(kind)
        kinds.append(ChannelKind(kind, reason is None, reason))
    found = await registry.list(caller.user_id)
    return ChannelList(kinds, [_state(one) for one in found])


@post("/reminders/channels", opt=ADDING, tags=["channels"])
async def add_channel(data: ChannelBody, caller: Identity, registry: Registry) -> ChannelSecret:
    """Add a channel; a mail box is sent a code, and is used once that was shown (`/verify`).

    A browser ends with the login that added it.
    """
    kept = await registry.add(caller.user_id, data, caller.session_id)
    return ChannelSecret(_state(kept), kept.address.get("secret"))


@patch("/reminders/channels/{channel_id:str}", opt=CHANGING, tags=["channels"])
async def change_channel(
    channel_id: UUID, data: ChannelPatch, caller: Identity, registry: Registry
) -> ChannelState:
    """Change a channel: its name, place, address, or whether it is on."""
    return _state(await registry.change(caller.user_id, channel_id, data))


@delete("/reminders/channels/{channel_id:str}", status_code=204, tags=["channels"])
async def remove_channel(channel_id: UUID, caller: Identity, registry: Registry) -> None:
    """Remove a channel."""
    await registry.remove(caller.user_id, channel_id)


@post("/reminders/channels/{channel_id:str}/test", status_code=200, opt=SENDING, tags=["channels"])
async def test_channel(channel_id: UUID, caller: Identity, registry: Registry) -> ChannelTest:
    """Send a test by a channel now, and say what came of it."""
    result, failure = await registry.test(caller.user_id, channel_id)
    rest = None if failure is None else failure.retry_after
    return ChannelTest(
        result.is_delivered,
        result.detail,
        failure is not None and failure.is_final,
        None if rest is None else int(rest.total_seconds()),
    )


@post(
    "/reminders/channels/{channel_id:str}/verify", status_code=200, opt=SENDING, tags=["channels"]
)
async def verify_channel(
    channel_id: UUID, data: CodeBody, caller: Identity, registry: Registry
) -> ChannelState:
    """Prove that a mail box is the caller's, which turns the channel on."""
    return _state(await registry.verify(caller.user_id, channel_id, data.code))


@post("/reminders/channels/{channel_id:str}/code", status_code=200, opt=SENDING, tags=["channels"])
async def send_channel_code(channel_id: UUID, caller: Identity, registry: Registry) -> ChannelState:
    """Send another code to a mail box; the former one counts no more."""
    return _state(await registry.send_code(caller.user_id, channel_id))


@post(
    "/reminders/channels/{channel_id:str}/secret", status_code=200, opt=SENDING, tags=["channels"]
)
async def rotate_channel_secret(
    channel_id: UUID, caller: Identity, registry: Registry
) -> ChannelSecret:
    """Give a webhook another secret; for a day it is signed with both."""
    kept = await registry.rotate(caller.user_id, channel_id)
    return ChannelSecret(_state(kept), kept.address["secret"])


@get(
    "/reminders/channels/web-push/key",
    opt={"raises": (Unavailable,)},
    tags=["channels"],
)
async def get_push_key(registry: Registry) -> PushKey:
    """What a browser subscribes to Web Push with."""
    return PushKey(await registry.channels.push_key())


def _state(kept: Kept) -> ChannelState:
    return ChannelState(
        kept.id,
        kept.kind,
        kept.name,
        shown(kept.kind, kept.address),
        kept.is_on,
        kept.off_reason,
        kept.verification is None,
        _result(kept.last_result),
        kept.created_at,
    )


def _result(result: Result | None) -> ChannelResult | None:
    if result is None:
        return None
    return ChannelResult(result.at, result.is_delivered, result.detail)


CHANNEL_ROUTES: Final = [
    list_channels,
    add_channel,
    change_channel,
    remove_channel,
    test_channel,
    verify_channel,
    send_channel_code,
    rotate_channel_secret,
    get_push_key,
]
