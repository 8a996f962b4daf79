"""The deliveries that are on their way, found without those that wait."""

from alembic import op

revision = "0025"
down_revision = "0022"


def upgrade() -> None:
    """Make the index."""
    op.execute(
        """
        CREATE INDEX deliveries_claimed ON reminders.deliveries (channel_kind)
         WHERE state = 'claimed'
        """
    )
