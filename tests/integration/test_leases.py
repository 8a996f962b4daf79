"""Who publishes which part of the outbox: everything has one holder, and replicas share."""

from taskflow.db.engine import Database
from taskflow.outbox.leases import SHARDS, Leases


async def renew(database: Database, leases: Leases) -> frozenset[int]:
    async with database.transaction() as transaction:
        return await leases._renew(transaction)


async def test_one_replica_holds_everything_and_two_share(database: Database) -> None:
    first, second = Leases(database, "/ours"), Leases(database, "/ours")
    assert await renew(database, first) == set(range(SHARDS))
    assert await renew(database, second) == set()
    kept = await renew(database, first)
    taken = await renew(database, second)
    assert (len(kept), len(taken)) == (SHARDS // 2, SHARDS // 2)
    assert kept | taken == set(range(SHARDS))
