"""What a channel's address still has to prove, and what came of its last message."""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add the columns, and find a browser by its subscription."""
    op.execute(
        """
        ALTER TABLE reminders.channels
          ADD COLUMN verification jsonb,
          ADD COLUMN last_result jsonb;
        CREATE INDEX channels_by_endpoint ON reminders.channels ((address->>'endpoint'))
          WHERE kind = 'web_push'
        """
    )
