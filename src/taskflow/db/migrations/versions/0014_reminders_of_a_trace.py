"""The trace that a reminder belongs to: that of the event it was planned by."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Remember the trace of what is known of a task."""
    op.execute("ALTER TABLE reminders.tasks ADD COLUMN traceparent text")
