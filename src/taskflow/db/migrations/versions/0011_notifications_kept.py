"""Notifications are forgotten by when they were kept: what they tell of may be much older."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the column, and move the index to it."""
    op.execute(
        """
        ALTER TABLE notifications.items ADD COLUMN kept_at timestamptz;
        UPDATE notifications.items SET kept_at = created_at;
        ALTER TABLE notifications.items ALTER COLUMN kept_at SET NOT NULL;
        CREATE INDEX items_by_kept ON notifications.items (kept_at);
        DROP INDEX notifications.items_by_age;
        """
    )
