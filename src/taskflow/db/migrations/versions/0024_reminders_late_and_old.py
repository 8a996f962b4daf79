"""Reminders that were missed and then postponed."""

from alembic import op

revision = "0024"
down_revision = "0022"


def upgrade() -> None:
    """Remember since when they are late."""
    op.execute(
        """
        ALTER TABLE reminders.reminders ADD COLUMN missed_at timestamptz;
        COMMENT ON COLUMN reminders.reminders.missed_at IS
          'When it should have come, where it was missed and quiet hours then held it up.';
        """
    )
