"""Which tasks anybody has written who meant the task itself."""

from alembic import op

revision = "0031"
down_revision = "0030"

PARTS = 128
# The last byte of an id is as good as random. Locked in their order, as elsewhere.
MARK = """
UPDATE tasks.tasks AS task SET is_touched = false
  FROM (
    SELECT found.id FROM tasks.tasks AS found
      JOIN recurring.instances AS known ON known.task_id = found.id
     WHERE mod(get_byte(uuid_send(known.task_id), 15), {parts}) = {part}
       AND found.version <= known.own_version AND found.is_touched
     ORDER BY found.id FOR NO KEY UPDATE OF found
  ) AS untouched
 WHERE task.id = untouched.id
"""
# An older program that still runs meanwhile writes tasks and knows nothing of the column.
CORRECT = """
UPDATE tasks.tasks AS task SET is_touched = true
  FROM (
    SELECT found.id FROM tasks.tasks AS found
      JOIN recurring.instances AS known ON known.task_id = found.id
     WHERE found.version > known.own_version AND NOT found.is_touched
     ORDER BY found.id FOR NO KEY UPDATE OF found
  ) AS touched
 WHERE task.id = touched.id
"""


def upgrade() -> None:
    """Make the column; what a series made and was never written again is nobody's.

    Whoever adds a column keeps everybody from the table until the commit, so that comes at once.
    Each part of what follows has a transaction of its own: where many are marked, a task waits for
    its part alone. Left in the middle, it begins again. What was written after its part was marked
    is corrected at the end.
    """
    op.execute(
        """
        ALTER TABLE tasks.tasks ADD COLUMN IF NOT EXISTS is_touched boolean NOT NULL DEFAULT true;
        COMMENT ON COLUMN tasks.tasks.is_touched IS
          'Whether anybody has written it who meant this task, and not all of a series.';
        """
    )
    for part in range(PARTS):
        with op.get_context().autocommit_block():
            pass
        op.execute(MARK.format(parts=PARTS, part=part))
    op.execute(CORRECT)
