"""Until when quiet hours hold a person's reminders up, so that those that come wrong are found."""

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Make the index: all that comes at one time is passed over at once."""
    op.execute(
        """
        CREATE INDEX reminders_held_up ON reminders.reminders (user_id, fire_at)
         WHERE status = 'pending' AND postponed_from IS NOT NULL;
        """
    )
