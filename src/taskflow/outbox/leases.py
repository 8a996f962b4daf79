"""Leases: which replica publishes which part of the outbox.

The tasks are divided into shards; a shard's events are published by the one replica that holds its
lease, so that no two events of a task are in flight at once. A replica renews its leases well
before they end; one that is gone loses them when they do. The database's clock decides.
"""

import asyncio
from typing import Final
from uuid import UUID, uuid4

import structlog

from taskflow.base.clock import monotonic
from taskflow.base.errors import Unavailable
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction

log = structlog.get_logger()

SHARDS: Final = 8
LEASE_SECONDS: Final = 5.0
RENEW_SECONDS: Final = 1.0

# Replicas that have not been seen for the length of a lease do not count.
SEEN = """
INSERT INTO delivery.relays (source, holder, seen_at) VALUES ($1, $2, clock_timestamp())
ON CONFLICT (source, holder) DO UPDATE SET seen_at = EXCLUDED.seen_at
"""
FORGET_GONE = """
DELETE FROM delivery.relays
 WHERE source = $1 AND seen_at < clock_timestamp() - make_interval(secs => $2)
"""
ALIVE = "SELECT count(*) FROM delivery.relays WHERE source = $1"
RENEW = """
UPDATE delivery.leases SET expires_at = clock_timestamp() + make_interval(secs => $3)
 WHERE source = $1 AND holder = $2 AND expires_at > clock_timestamp()
RETURNING shard
"""
TAKE = """
INSERT INTO delivery.leases AS lease (source, shard, holder, expires_at)
SELECT $1, shard, $2, clock_timestamp() + make_interval(secs => $3)
  FROM generate_series(0, $4 - 1) AS candidate (shard)
 WHERE NOT EXISTS (
   SELECT FROM delivery.leases AS held
    WHERE held.source = $1 AND held.shard = candidate.shard
      AND held.expires_at > clock_timestamp()
 )
 ORDER BY shard
 LIMIT $5
ON CONFLICT (source, shard) DO UPDATE
   SET holder = EXCLUDED.holder, expires_at = EXCLUDED.expires_at
 WHERE lease.expires_at <= clock_timestamp()
RETURNING shard
"""
GIVE_UP = """
UPDATE delivery.leases SET expires_at = '-infinity'
 WHERE source = $1 AND holder = $2 AND shard = ANY($3::smallint[])
"""
LEAVE = "DELETE FROM delivery.relays WHERE source = $1 AND holder = $2"


def fair_share(alive: int, shards: int = SHARDS) -> int:
    """How many shards a replica may hold when so many are alive."""
    return -(-shards // max(alive, 1))


class Leases:
    """The shards that this process publishes for.

    Args:
        database: Where the leases are.
        source: Whose events: the shards of each source are leased by themselves.
    """

    def __init__(self, database: Database, source: str) -> None:
        self._database = database
        self._source = source
        self._holder: UUID = uuid4()
        self._held: frozenset[int] = frozenset()
        self._valid_until = 0.0
        self.changed = asyncio.Event()

    @property
    def held(self) -> frozenset[int]:
        """The shards that are ours right now; none once we could not renew them in time."""
        return self._held if self.seconds_left > 0 else frozenset()

    @property
    def seconds_left(self) -> float:
        """How long the leases last if they are not renewed."""
        return self._valid_until - monotonic()

    async def keep(self) -> None:
        """Hold a fair share until cancelled."""
        while True:
            asked_at = monotonic()
            try:
                async with self._database.transaction() as transaction:
                    held = await self._renew(transaction)
            except Unavailable as error:
                log.warning("leases.waiting", source=self._source, reason=error.detail)
            else:
                self._hold(held, asked_at + LEASE_SECONDS)
            await asyncio.sleep(RENEW_SECONDS)

    async def give_up(self) -> None:
        """Let others take over at once; called when the process stops."""
        held, self._held = self._held, frozenset()
        try:
            async with self._database.transaction() as transaction:
                await transaction.execute(GIVE_UP, self._source, self._holder, list(held))
                await transaction.execute(LEAVE, self._source, self._holder)
        except Unavailable as error:
            log.warning("leases.left_to_expire", source=self._source, reason=error.detail)

    async def _renew(self, transaction: Transaction) -> frozenset[int]:
        """Renew what is held, take what is free, give back what is more than a fair share."""
        us = (self._source, self._holder)
        await transaction.execute(SEEN, *us)
        await transaction.execute(FORGET_GONE, self._source, LEASE_SECONDS)
        share = fair_share(await transaction.value(ALIVE, self._source))
        held = {row["shard"] for row in await transaction.rows(RENEW, *us, LEASE_SECONDS)}
        if len(held) > share:
            surplus = sorted(held)[share:]
            await transaction.execute(GIVE_UP, *us, surplus)
            held -= set(surplus)
        elif len(held) < share:
            wanted = (LEASE_SECONDS, SHARDS, share - len(held))
            held |= {row["shard"] for row in await transaction.rows(TAKE, *us, *wanted)}
        return frozenset(held)

    def _hold(self, held: frozenset[int], valid_until: float) -> None:
        self._valid_until = valid_until
        if held != self._held:
            log.info("leases.held", source=self._source, shards=sorted(held))
            self._held = held
            self.changed.set()
