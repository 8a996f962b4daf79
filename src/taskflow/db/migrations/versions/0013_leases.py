"""Shards of the outbox, and which replica publishes each of them."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Give outbox rows their shard, and make the tables of leases."""
    op.execute(
        """
        -- 8 shards, as outbox/leases.py has them: a task's events are all in one.
        ALTER TABLE delivery.outbox
          ADD COLUMN shard smallint NOT NULL
          GENERATED ALWAYS AS (mod(mod(hashtext(key), 8) + 8, 8)) STORED;
        CREATE INDEX outbox_by_shard ON delivery.outbox (source, shard, id);

        CREATE TABLE delivery.relays (
          source text NOT NULL,
          holder uuid NOT NULL,
          seen_at timestamptz NOT NULL,
          PRIMARY KEY (source, holder)
        );
        CREATE TABLE delivery.leases (
          source text NOT NULL,
          shard smallint NOT NULL,
          holder uuid NOT NULL,
          expires_at timestamptz NOT NULL,
          PRIMARY KEY (source, shard)
        );
        GRANT SELECT, INSERT, UPDATE, DELETE ON delivery.relays, delivery.leases
          TO taskflow_delivery;
        """
    )
