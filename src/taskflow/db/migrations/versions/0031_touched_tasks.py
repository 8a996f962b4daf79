"""Which tasks anybody has written who meant the task itself."""

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Make the column; what a series made and was never written again is nobody's."""
    op.execute(
        """
        ALTER TABLE tasks.tasks ADD COLUMN is_touched boolean NOT NULL DEFAULT true;
        COMMENT ON COLUMN tasks.tasks.is_touched IS
          'Whether anybody has written it who meant this task, and not all of a series.';
        UPDATE tasks.tasks AS task SET is_touched = false
          FROM recurring.instances AS known
         WHERE known.task_id = task.id AND task.version <= known.own_version;
        """
    )
