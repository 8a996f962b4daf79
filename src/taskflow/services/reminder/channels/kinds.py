"""The channels of an installation, each made when it is first used.

What nobody set up costs nothing.
"""

import asyncio
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final
from uuid import UUID

from taskflow.base.errors import Unavailable
from taskflow.base.settings import Settings
from taskflow.chassis.service import Context
from taskflow.services.reminder.channels.addresses import KINDS, Kind
from taskflow.services.reminder.channels.port import (
    Addressee,
    Channel,
    Message,
    NotDelivered,
    Receipt,
)

MODULES: Final[dict[Kind, tuple[str, str]]] = {
    "web_push": ("web_push", "WebPush"),
    "email": ("mail", "Mail"),
    "webhook": ("webhook", "Webhook"),
    "apprise": ("through_apprise", "ThroughApprise"),
}
NO_MAIL: Final = (
    "this installation sends no e-mail: set TASKFLOW_SMTP_HOST and TASKFLOW_SMTP_SENDER"
)


def why_off(kind: Kind, settings: Settings) -> str | None:
    """Why an installation has no channel of a kind; None when it has."""
    if kind == "email" and not (settings.smtp_host and settings.smtp_sender):
        return NO_MAIL
    return None


class Channels(Mapping[str, Channel]):
    """All of an installation's channels, by their kinds.

    Args:
        context: What they are made of.
    """

    def __init__(self, context: Context) -> None:
        self._settings = context.settings
        self._channels: dict[str, _Lazy] = {kind: _Lazy(kind, context) for kind in KINDS}

    def __getitem__(self, kind: str) -> Channel:
        return self._channels[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._channels)

    def __len__(self) -> int:
        return len(self._channels)

    def why_off(self, kind: Kind) -> str | None:
        """Why there is none of a kind; None when there is."""
        return why_off(kind, self._settings)

    async def push_key(self) -> str:
        """What a browser subscribes with.

        Raises:
            Unavailable: the key cannot be used.
        """
        channel = await self._channels["web_push"].made()
        key: str = channel.public_key
        return key

    async def check_apprise(self, url: str, owner: UUID) -> None:
        """Ask whether Apprise knows an address of somebody's.

        Raises:
            Invalid: it does not, or it leads to several receivers.
            Unavailable: nobody can say at this moment.
        """
        await (await self._channels["apprise"].made()).check(url, owner)

    async def close(self) -> None:
        """End what they have begun."""
        for channel in self._channels.values():
            await channel.close()


def channels_of(context: Context) -> Channels:
    """The channels of an installation."""
    return Channels(context)


class _Lazy:
    """A channel that is made, and whose libraries are imported, when it is first used."""

    def __init__(self, kind: Kind, context: Context) -> None:
        self._kind = kind
        self._context = context
        self._made: Any = None
        self._making = asyncio.Lock()

    @property
    def kind(self) -> str:
        return self._kind

    async def made(self) -> Any:
        """The channel itself; others work on while it is made."""
        async with self._making:
            if self._made is None:
                self._made = await asyncio.to_thread(self._make)
        return self._made

    async def send(self, addressee: Addressee, message: Message) -> Receipt:
        """Carry a message once; see the port."""
        if (reason := why_off(self._kind, self._context.settings)) is not None:
            raise NotDelivered(reason, is_final=True)
        try:
            channel: Channel = await self.made()
        except Unavailable as error:
            raise NotDelivered(error.detail) from error
        return await channel.send(addressee, message)

    async def close(self) -> None:
        if self._made is not None:
            await self._made.close()

    def _make(self) -> Any:
        module, name = MODULES[self._kind]
        return getattr(import_module(f"{__package__}.{module}"), name).of(self._context)
