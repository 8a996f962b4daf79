"""Reminders that were missed and then postponed, and what of those that fired is told no more."""

from alembic import op

revision = "0024"
down_revision = "0022"


def upgrade() -> None:
    """Remember since when they are late, and why they are told no more."""
    op.execute(
        """
        ALTER TABLE reminders.reminders ADD COLUMN missed_at timestamptz;
        COMMENT ON COLUMN reminders.reminders.missed_at IS
          'When it should have come, where it was missed and quiet hours then held it up.';
        ALTER TABLE reminders.told
          ADD COLUMN withdrawn_at timestamptz,
          ADD COLUMN withdrawn_for text;
        """
    )
