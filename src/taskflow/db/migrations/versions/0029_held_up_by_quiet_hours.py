"""What quiet hours hold up, so that it can come before they end, and what its owner asked for."""

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Make the columns, and an index of what is held up."""
    op.execute(
        """
        ALTER TABLE reminders.reminders
          ADD COLUMN postponed_from timestamptz,
          ADD COLUMN snoozed_until timestamptz;
        COMMENT ON COLUMN reminders.reminders.postponed_from IS
          'When it was due, where quiet hours hold it up until fire_at.';
        COMMENT ON COLUMN reminders.reminders.snoozed_until IS
          'What its owner asked for at last: it is snoozed where that is fire_at.';
        CREATE INDEX reminders_postponed ON reminders.reminders (user_id, id)
         WHERE status = 'pending' AND postponed_from IS NOT NULL;
        """
    )
