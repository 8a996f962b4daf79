"""The table of people's channels, in the order in which each person prefers them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from taskflow.base.errors import Conflict, NotFound
from taskflow.db.transaction import Transaction
from taskflow.inbox.erased import standing
from taskflow.services.reminder.channels.addresses import Kind
from taskflow.services.reminder.channels.port import Addressee
from taskflow.services.reminder.channels.proofs import Verification

MOST: Final = 20
# By what the reminder service is known where it has let people go.
CONSUMER: Final = "reminder"

# A browser that was logged out, wherever that was done, is told nothing more.
ENDED: Final = """(session_id IS NOT NULL AND NOT EXISTS (
  SELECT FROM accounts.sessions AS session
   WHERE session.id = channel.session_id AND session.revoked_at IS NULL))"""
LOGGED_OUT: Final = "the login that added this browser has ended; add it again there"
PREFERRED: Final = f"""
SELECT id, user_id, kind, name, address
  FROM reminders.channels AS channel
 WHERE user_id = ANY($1::uuid[]) AND is_on AND NOT {ENDED}
 ORDER BY user_id, position, id
"""  # noqa: S608 - of constants alone
# What its owner has led elsewhere meanwhile stays on: nobody has said anything of that address.
TURN_OFF: Final = """
UPDATE reminders.channels SET is_on = false, off_reason = $3, updated_at = now()
 WHERE id = $1 AND address = $2
"""
_COLUMNS: Final = f"""
  id, user_id, kind, name, address, is_on AND NOT {ENDED} AS is_on,
  CASE WHEN is_on AND {ENDED} THEN '{LOGGED_OUT}' ELSE off_reason END AS off_reason,
  verification, last_result, created_at, session_id
"""
LISTING: Final = f"""
SELECT {_COLUMNS} FROM reminders.channels AS channel WHERE user_id = $1 ORDER BY position, id
"""  # noqa: S608 - of constants alone
FIND: Final = f"""
SELECT {_COLUMNS} FROM reminders.channels AS channel WHERE id = $2 AND user_id = $1
"""  # noqa: S608 - of constants alone
LOCK_ALL: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 22))"
COUNT: Final = "SELECT count(*), max(position) AS last FROM reminders.channels WHERE user_id = $1"
ADD: Final = """
INSERT INTO reminders.channels
  (id, user_id, kind, name, address, position, is_on, off_reason, verification,
   created_at, updated_at, session_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)
"""
CHANGE: Final = """
UPDATE reminders.channels
   SET name = $2, address = $3, is_on = $4, off_reason = $5, verification = $6, updated_at = $7,
       session_id = $8
 WHERE id = $1
"""
PLACE: Final = """
UPDATE reminders.channels AS channel SET position = placed.position
  FROM unnest($2::uuid[]) WITH ORDINALITY AS placed (id, position)
 WHERE channel.id = placed.id AND channel.user_id = $1
"""
NOTE: Final = "UPDATE reminders.channels SET last_result = $2 WHERE id = $1"
REMOVE: Final = "DELETE FROM reminders.channels WHERE id = $2 AND user_id = $1 RETURNING kind"
FORGET_ENDED: Final = f"""
DELETE FROM reminders.channels AS channel WHERE user_id = $1 AND kind = 'web_push' AND {ENDED}
"""  # noqa: S608 - of constants alone
CLAIM: Final = """
DELETE FROM reminders.channels
 WHERE kind = 'web_push' AND address->>'endpoint' = $2 AND user_id <> $1
"""


class Result(msgspec.Struct, frozen=True):
    """What came of the last message, in a line and without secrets."""

    at: datetime
    detail: str
    is_delivered: bool


class Kept(msgspec.Struct, frozen=True):
    """A channel as it is kept.

    Attributes:
        verification: What its address still has to prove; None when nothing.
        session_id: Of a browser, the login that it ends with.
    """

    id: UUID
    user_id: UUID
    kind: Kind
    name: str
    address: dict[str, Any]
    created_at: datetime
    is_on: bool = True
    off_reason: str | None = None
    verification: Verification | None = None
    last_result: Result | None = None
    session_id: UUID | None = None

    @property
    def addressee(self) -> Addressee:
        """What a channel needs to know of it."""
        return Addressee(self.id, self.user_id, self.kind, self.name, self.address)


async def preferred(
    transaction: Transaction, user_ids: Collection[UUID]
) -> dict[UUID, list[Addressee]]:
    """What each of these people has turned on, the most preferred first."""
    found: dict[UUID, list[Addressee]] = {user_id: [] for user_id in user_ids}
    for row in await transaction.rows(PREFERRED, list(found)):
        address = msgspec.json.decode(row["address"])
        one = Addressee(row["id"], row["user_id"], row["kind"], row["name"], address)
        found[one.user_id].append(one)
    return found


async def turn_off(
    transaction: Transaction, channel_id: UUID, address: Mapping[str, Any], reason: str
) -> bool:
    """Use a channel no more, until its owner turns it on again; the reason is shown to them.

    Returns:
        Whether it was done: not where the channel leads elsewhere by now.
    """
    return await transaction.execute(TURN_OFF, channel_id, _json(address), reason) > 0


async def note(transaction: Transaction, channel_id: UUID, result: Result) -> None:
    """Note what came of a message, for its owner to see."""
    await transaction.execute(NOTE, channel_id, _json(result))


async def listing(transaction: Transaction, user_id: UUID) -> list[Kept]:
    """All of a person's channels, the most preferred first."""
    return [_kept(row) for row in await transaction.rows(LISTING, user_id)]


async def find(transaction: Transaction, user_id: UUID, channel_id: UUID) -> Kept:
    """A person's channel.

    Raises:
        NotFound: there is none, or it is not theirs.
    """
    return _found(await transaction.row(FIND, user_id, channel_id), channel_id)


async def lock(transaction: Transaction, user_id: UUID, channel_id: UUID) -> Kept:
    """A person's channel, which nobody else changes until the transaction ends.

    Raises:
        NotFound: there is none, or it is not theirs.
    """
    return _found(await transaction.row(f"{FIND} FOR UPDATE", user_id, channel_id), channel_id)


async def lock_all(transaction: Transaction, user_id: UUID) -> None:
    """Let nobody else add to a person's channels, or order them, until the transaction ends."""
    await transaction.execute(LOCK_ALL, user_id)


async def add(transaction: Transaction, kept: Kept) -> None:
    """Keep a new channel, as the least preferred; all are to be locked.

    Raises:
        Conflict: the person has as many as anybody may, or is gone.
    """
    if not await standing(transaction, CONSUMER, [kept.user_id]):
        raise Conflict("the account was erased")
    row: Any = await transaction.row(COUNT, kept.user_id)
    if row["count"] >= MOST:
        raise Conflict(f"there are {MOST} channels already; remove one first")
    await transaction.execute(
        ADD,
        kept.id,
        kept.user_id,
        kept.kind,
        kept.name,
        _json(kept.address),
        (row["last"] or 0) + 1,
        kept.is_on,
        kept.off_reason,
        _json(kept.verification),
        kept.created_at,
        kept.session_id,
    )


async def claim_browser(transaction: Transaction, user_id: UUID, endpoint: str) -> None:
    """Let a browser be this person's alone: whoever used it before is told nothing there."""
    await transaction.execute(CLAIM, user_id, endpoint)


async def forget_ended(transaction: Transaction, user_id: UUID) -> None:
    """Remove those of a person's browsers that were logged out."""
    await transaction.execute(FORGET_ENDED, user_id)


async def change(transaction: Transaction, kept: Kept, now: datetime) -> None:
    """Keep a channel as it is now."""
    await transaction.execute(
        CHANGE,
        kept.id,
        kept.name,
        _json(kept.address),
        kept.is_on,
        kept.off_reason,
        _json(kept.verification),
        now,
        kept.session_id,
    )


async def place(transaction: Transaction, user_id: UUID, order: Sequence[UUID]) -> None:
    """Prefer a person's channels in this order; all are to be locked."""
    await transaction.execute(PLACE, user_id, list(order))


async def remove(transaction: Transaction, user_id: UUID, channel_id: UUID) -> str:
    """Remove a person's channel; returns its kind.

    Raises:
        NotFound: there is none, or it is not theirs.
    """
    kind: str | None = await transaction.value(REMOVE, user_id, channel_id)
    if kind is None:
        raise NotFound(f"there is no channel {channel_id}")
    return kind


def _found(row: Any, channel_id: UUID) -> Kept:
    if row is None:
        raise NotFound(f"there is no channel {channel_id}")
    return _kept(row)


def _json(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _kept(row: Any) -> Kept:
    known = dict(row)
    for name in ("address", "verification", "last_result"):
        known[name] = None if known[name] is None else msgspec.json.decode(known[name])
    return msgspec.convert(known, Kept)
