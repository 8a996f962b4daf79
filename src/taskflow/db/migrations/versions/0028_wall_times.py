"""The wall time that a floating task has where its zone leaves it out."""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Make the columns."""
    op.execute(
        """
        ALTER TABLE tasks.tasks
          ADD COLUMN due_wall timestamp,
          ADD COLUMN planned_wall timestamp;
        COMMENT ON COLUMN tasks.tasks.due_wall IS
          'What the wall says of due_at where the zone leaves that out on its day.';
        COMMENT ON COLUMN tasks.tasks.planned_wall IS
          'What the wall says of planned_at where the zone leaves that out on its day.';
        """
    )
