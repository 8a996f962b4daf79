"""People's channels: added, proven, changed, tried.

Nothing is told anybody by way of an address that its owner has not proven theirs where a proof is
possible, and nothing that is kept of an address is shown whole.
"""

import secrets
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import structlog
from msgspec.structs import replace

from taskflow.accounts.model import clean_name
from taskflow.base.clock import Clock
from taskflow.base.errors import Conflict, Invalid
from taskflow.base.ids import new_id
from taskflow.base.networks import Network
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.services.reminder.channels import addresses, bodies, browsers, proofs, storage
from taskflow.services.reminder.channels.bodies import ChannelBody, ChannelPatch
from taskflow.services.reminder.channels.kinds import Channels
from taskflow.services.reminder.channels.port import Message, NotDelivered
from taskflow.services.reminder.channels.storage import Kept, Result
from taskflow.services.reminder.channels.turns import Turns
from taskflow.services.reminder.channels.words import in_a_line
from taskflow.services.reminder.deliveries import free
from taskflow.services.reminder.lifecycle import Way

UNPROVEN: Final = "not proven yet: type the code that was sent to this address"

log = structlog.get_logger()


class Outcome(NamedTuple):
    """What came of a test."""

    result: Result
    failure: NotDelivered | None


class Registry:
    """Does what people ask for with their channels.

    Args:
        database: Where they are kept.
        channels: Carry messages.
        clock: The time.
        allowed: Networks that may be called although they are not public.
    """

    def __init__(
        self, database: Database, channels: Channels, clock: Clock, allowed: tuple[Network, ...]
    ) -> None:
        self._database = database
        self.channels = channels
        self._clock = clock
        self._allowed = allowed
        self._turns = Turns()

    async def list(self, user_id: UUID) -> list[Kept]:
        """A person's channels, the most preferred first."""
        async with self._database.transaction(read_only=True) as transaction:
            return await storage.listing(transaction, user_id)

    async def add(self, user_id: UUID, body: ChannelBody, session_id: UUID | None = None) -> Kept:
        """Add a channel; a code goes to one that is to be proven.

        Args:
            user_id: Whose.
            body: What they say of it.
            session_id: Their login, which a browser is told of reminders no longer than.

        Raises:
            NotFound: they have no browser that this one could take the place of.
            Invalid: its address is none.
            Conflict: this installation has none of the kind, or the person has too many.
            TooMany: they ask too often, or too many codes go to this address.
        """
        if (reason := self.channels.why_off(body.kind)) is not None:
            raise Conflict(reason)
        secret = secrets.token_bytes(addresses.SECRET_BYTES)
        name = clean_name(body.name if body.name is not None else bodies.NAMES[body.kind])
        address = bodies.address_of(body.kind, body, secret, self._allowed)
        if body.kind == "apprise":
            self.spend_test(user_id)
            await self.channels.check_apprise(address["url"], user_id)
        now = self._clock.now()
        kept = Kept(new_id(now), user_id, body.kind, name, address, created_at=now)
        if body.kind == "email":
            return await self._add_unproven(kept, now)
        async with self._database.transaction() as transaction:
            await storage.lock_all(transaction, user_id)
            if body.kind == "web_push":
                kept = replace(kept, session_id=session_id)
                return await browsers.add(transaction, kept, body.replaces, now)
            await storage.add(transaction, kept)
            return kept

    async def change(self, user_id: UUID, channel_id: UUID, patch: ChannelPatch) -> Kept:
        """Change a channel; another mail box is to be proven anew.

        Raises:
            NotFound: it is not theirs.
            Invalid: a value is none.
            Conflict: it is to be turned on before it was proven, or after it was logged out.
            TooMany: they ask too often, or too many codes go to this address.
        """
        if patch.to is not None:
            self._turns.spend_code(user_id)
        if patch.url is not None:
            await self._check_url(user_id, channel_id, patch.url)
        now, code = self._clock.now(), proofs.fresh_code()
        async with self._database.transaction() as transaction:
            await storage.lock_all(transaction, user_id)
            before = await storage.lock(transaction, user_id, channel_id)
            after = self._changed(before, patch)
            if patch.to is not None:
                after = _unproven(after, code, now)
            await storage.change(transaction, after, now)
            if patch.to is not None:
                self._turns.spend_mailbox(after.address)
            if patch.position is not None:
                await _move(transaction, after, patch.position)
            if not after.is_on:
                await free(transaction, user_id, Way(after.id, after.kind), now)
        return await self._tell_code(after, code) if patch.to is not None else after

    async def remove(self, user_id: UUID, channel_id: UUID) -> None:
        """Remove a channel; what waits for it goes on by another one.

        Raises:
            NotFound: it is not theirs.
        """
        async with self._database.transaction() as transaction:
            kind = await storage.remove(transaction, user_id, channel_id)
            await free(transaction, user_id, Way(channel_id, kind), self._clock.now())

    async def rotate(self, user_id: UUID, channel_id: UUID) -> Kept:
        """Give a webhook a new secret; the former one signs too for a day.

        Raises:
            NotFound: it is not theirs.
            Conflict: it has none.
        """
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            before = await storage.lock(transaction, user_id, channel_id)
            if before.kind != "webhook":
                raise Conflict("only a webhook has a secret")
            secret = secrets.token_bytes(addresses.SECRET_BYTES)
            after = replace(before, address=addresses.rotated(before.address, secret, now))
            await storage.change(transaction, after, now)
        return after

    async def test(self, user_id: UUID, channel_id: UUID) -> Outcome:
        """Send a message by a channel at once, whether it is on or not.

        Raises:
            NotFound: it is not theirs.
            Conflict: it was not proven.
            TooMany: they try too often.
        """
        async with self._database.transaction(read_only=True) as transaction:
            kept = await storage.find(transaction, user_id, channel_id)
        if kept.verification is not None:
            raise Conflict(UNPROVEN)
        self.spend_test(user_id)
        now = self._clock.now()
        body = f"Your reminders reach you here, by the channel “{kept.name}”."
        message = Message(
            new_id(now), "test", "A test by TaskFlow", body, "/", "medium", now, 0, (), None
        )
        return await self._send(kept, message)

    def spend_test(self, user_id: UUID) -> None:
        """Take one of the turns that a person has to have something sent or looked at at once.

        Raises:
            TooMany: they have none at this moment.
        """
        self._turns.spend_test(user_id)

    async def send_code(self, user_id: UUID, channel_id: UUID) -> Kept:
        """Send another code; the former one is void.

        Raises:
            NotFound: it is not theirs.
            Conflict: there is nothing to prove.
            TooMany: they ask too often, or too many codes go to this address.
        """
        now, code = self._clock.now(), proofs.fresh_code()
        async with self._database.transaction() as transaction:
            before = await storage.lock(transaction, user_id, channel_id)
            if before.verification is None:
                raise Conflict("this channel has nothing to prove")
            self._turns.spend_code(user_id)
            after = _unproven(before, code, now)
            await storage.change(transaction, after, now)
            self._turns.spend_mailbox(after.address)
        return await self._tell_code(after, code)

    async def verify(self, user_id: UUID, channel_id: UUID, code: str) -> Kept:
        """Take a code, and turn the channel on; once proven, any code changes nothing.

        Raises:
            NotFound: it is not theirs.
            Conflict: the code has expired, or was guessed at too often.
            Invalid: it is another one.
        """
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            before = await storage.lock(transaction, user_id, channel_id)
            verification = before.verification
            if verification is None:
                return before
            if proofs.is_spent(verification, now):
                raise Conflict("this code counts no more; ask for another one")
            is_right = proofs.matches(verification, channel_id, code)
            after = replace(before, verification=None, is_on=True, off_reason=None)
            if not is_right:
                after = replace(before, verification=proofs.tried(verification))
            await storage.change(transaction, after, now)
        # An attempt counts although it was wrong: this is said once it is kept.
        if not is_right:
            raise Invalid.field("code", "is not the one that was sent")
        return after

    async def _add_unproven(self, kept: Kept, now: datetime) -> Kept:
        self._turns.spend_code(kept.user_id)
        code = proofs.fresh_code()
        kept = _unproven(kept, code, now)
        async with self._database.transaction() as transaction:
            await storage.lock_all(transaction, kept.user_id)
            await storage.add(transaction, kept)
            self._turns.spend_mailbox(kept.address)
        return await self._tell_code(kept, code)

    async def _check_url(self, user_id: UUID, channel_id: UUID, url: str) -> None:
        """Ask Apprise of an address that is its to know; no transaction waits for the answer."""
        async with self._database.transaction(read_only=True) as transaction:
            kept = await storage.find(transaction, user_id, channel_id)
        if kept.kind == "apprise":
            address = addresses.apprise(url)
            self.spend_test(user_id)
            await self.channels.check_apprise(address["url"], user_id)

    def _changed(self, before: Kept, patch: ChannelPatch) -> Kept:
        address = bodies.changed_address(before.kind, before.address, patch, self._allowed)
        after = replace(before, address=address)
        if patch.name is not None:
            after = replace(after, name=clean_name(patch.name))
        if patch.is_on and before.verification is not None:
            raise Conflict(UNPROVEN)
        if patch.is_on and before.off_reason == storage.LOGGED_OUT:
            raise Conflict(storage.LOGGED_OUT)
        if patch.is_on is not None:
            after = replace(after, is_on=patch.is_on, off_reason=None)
        return after

    async def _tell_code(self, kept: Kept, code: str) -> Kept:
        """Send a code; that it could not be sent is shown with the channel."""
        now = self._clock.now()
        outcome = await self._send(kept, proofs.code_message(new_id(now), code, now))
        return replace(kept, last_result=outcome.result)

    async def _send(self, kept: Kept, message: Message) -> Outcome:
        outcome, is_gone = await self._sent(kept, message)
        async with self._database.transaction() as transaction:
            await storage.note(transaction, kept.id, outcome.result)
            detail = outcome.result.detail
            if is_gone and await storage.turn_off(transaction, kept.id, kept.address, detail):
                await free(transaction, kept.user_id, Way(kept.id, kept.kind), outcome.result.at)
        return outcome

    async def _sent(self, kept: Kept, message: Message) -> tuple[Outcome, bool]:
        try:
            receipt = await self.channels[kept.kind].send(kept.addressee, message)
        except NotDelivered as error:
            detail = in_a_line(error.detail)
            log.info("channels.not_delivered", channel=str(kept.id), reason=detail)
            result = Result(self._clock.now(), detail, is_delivered=False)
            return Outcome(result, error), error.is_gone
        result = Result(self._clock.now(), in_a_line(receipt.detail), is_delivered=True)
        return Outcome(result, None), False


async def _move(transaction: Transaction, kept: Kept, position: int) -> None:
    order = [one.id for one in await storage.listing(transaction, kept.user_id)]
    order.remove(kept.id)
    order.insert(position - 1, kept.id)
    await storage.place(transaction, kept.user_id, order)


def _unproven(kept: Kept, code: str, now: datetime) -> Kept:
    verification = proofs.awaiting(kept.id, code, now)
    return replace(kept, verification=verification, is_on=False, off_reason=UNPROVEN)
