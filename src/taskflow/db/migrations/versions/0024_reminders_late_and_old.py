"""Reminders that were missed and then postponed, that are told no more, and that are too old."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Remember since when they are late, why they are told no more, and when tasks were closed."""
    op.execute(
        """
        ALTER TABLE reminders.reminders ADD COLUMN missed_at timestamptz;
        COMMENT ON COLUMN reminders.reminders.missed_at IS
          'When it should have come, where it was missed and quiet hours then held it up.';
        ALTER TABLE reminders.told
          ADD COLUMN withdrawn_at timestamptz,
          ADD COLUMN withdrawn_for text;
        ALTER TABLE reminders.tasks ADD COLUMN closed_at timestamptz;
        UPDATE reminders.tasks SET closed_at = coalesce((task->>'updated_at')::timestamptz, now())
         WHERE closed IS NOT NULL;
        CREATE INDEX tasks_closed ON reminders.tasks (closed_at) WHERE closed_at IS NOT NULL;
        """
    )
