"""Whether a task is closed, and why, beside its newest known state: nothing of it fires then."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the column; what was deleted before is told by its cancelled reminders alone."""
    op.execute(
        """
        ALTER TABLE reminders.tasks ADD COLUMN closed text;
        UPDATE reminders.tasks SET closed = 'the task was completed'
         WHERE task->>'status' = 'completed';
        """
    )
