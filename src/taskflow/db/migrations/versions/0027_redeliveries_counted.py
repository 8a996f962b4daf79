"""How often its owner asked for a delivery once more, which is bounded."""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Make the column."""
    op.execute(
        """
        ALTER TABLE reminders.deliveries ADD COLUMN redeliveries integer NOT NULL DEFAULT 0;
        COMMENT ON COLUMN reminders.deliveries.redeliveries IS
          'How often its owner asked for it to be sent once more.';
        """
    )
