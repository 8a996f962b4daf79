"""The deliveries that are on their way, found without those that wait; a browser's login."""

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Make the index, and the column that says with which login a channel ends."""
    op.execute(
        """
        CREATE INDEX deliveries_claimed ON reminders.deliveries (channel_kind)
         WHERE state = 'claimed';
        ALTER TABLE reminders.channels ADD COLUMN session_id uuid;
        COMMENT ON COLUMN reminders.channels.session_id IS
          'Of a browser, the login that added it: the channel ends with it. Null where it stays.';
        """
    )
