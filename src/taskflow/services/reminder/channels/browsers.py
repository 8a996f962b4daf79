"""Browsers as channels: each is one channel of one person, and ends with a login."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from taskflow.base.errors import NotFound
from taskflow.db.transaction import Transaction
from taskflow.services.reminder.channels import storage
from taskflow.services.reminder.channels.storage import Kept


async def add(transaction: Transaction, kept: Kept, replaces: str | None, now: datetime) -> Kept:
    """Keep a browser; one that is known already is the same one.

    Args:
        transaction: Has locked all of the person's channels.
        kept: The browser with its subscription and login.
        replaces: The endpoint by which it was known until now; where none of the person's is, none
            is added.
        now: The time.

    Raises:
        NotFound: the person has no browser that is known by `replaces`.
    """
    known = await _known(transaction, kept, replaces)
    if known is None and replaces is not None:
        raise NotFound("none of your browsers is known by this endpoint")
    await storage.claim_browser(transaction, kept.user_id, kept.address["endpoint"])
    if known is None:
        await storage.forget_ended(transaction, kept.user_id)
        await storage.add(transaction, kept)
        return kept
    same = _renewed(known, kept) if replaces is not None else _added_again(known, kept)
    await storage.change(transaction, same, now)
    return same


async def _known(transaction: Transaction, kept: Kept, replaces: str | None) -> Kept | None:
    endpoints = (kept.address["endpoint"], replaces)
    found: dict[str, Kept] = {
        one.address["endpoint"]: one
        for one in await storage.listing(transaction, kept.user_id)
        if one.kind == "web_push"
    }
    return next((found[one] for one in endpoints if one in found), None)


def _added_again(known: Kept, kept: Kept) -> Kept:
    """Its owner wants to be reminded there."""
    return replace(_rebound(known, kept), is_on=True, off_reason=None)


def _renewed(known: Kept, kept: Kept) -> Kept:
    """The browser says where it is by now; what its owner turned off stays off."""
    is_off_by_owner = not known.is_on and known.off_reason is None
    return replace(_rebound(known, kept), is_on=not is_off_by_owner, off_reason=None)


def _rebound(known: Kept, kept: Kept) -> Kept:
    session_id: UUID | None = kept.session_id
    return replace(known, address=kept.address, session_id=session_id)
