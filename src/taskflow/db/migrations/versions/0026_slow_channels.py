"""Deliveries found person by person, and the channels that took long to answer at last."""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Make the index, and the column with an index of its own."""
    op.execute(
        """
        CREATE INDEX deliveries_of_person ON reminders.deliveries
          (channel_kind, user_id, next_at) WHERE state IN ('waiting', 'claimed');
        ALTER TABLE reminders.channels ADD COLUMN is_slow boolean NOT NULL DEFAULT false;
        COMMENT ON COLUMN reminders.channels.is_slow IS
          'Whether the last attempt took long: slow ones share a part of the places.';
        CREATE INDEX channels_slow ON reminders.channels (kind) WHERE is_slow;
        """
    )
