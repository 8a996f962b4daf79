"""Which series may lack the first of their COUNT, and which task was planned for a moment."""

from alembic import op

revision = "0032"
down_revision = "0031"

# What fell into a pause was taken from `used`.
MARK = """
UPDATE recurring.series AS series SET may_lack_first = true
 WHERE (recurrence->>'count') IS NOT NULL AND recurrence->>'mode' = 'schedule' AND behind = 0
   AND used + (
     SELECT coalesce(sum(excused), 0) FROM recurring.instances
      WHERE series_id = series.id AND NOT is_withdrawn) = 0
"""


def upgrade() -> None:
    """Make the column and the index, and mark whose COUNT may lack its first task.

    Whether the rule comes to a start is not for SQL to tell: who reads such a series does. One that
    was moved in between is not known by what is kept, and is left alone.
    """
    op.execute(
        """
        ALTER TABLE recurring.series ADD COLUMN may_lack_first boolean NOT NULL DEFAULT false;
        COMMENT ON COLUMN recurring.series.may_lack_first IS
          'Whether used leaves out a first task to which the rule does not come, if there is one.';
        CREATE INDEX instances_by_plan ON recurring.instances (series_id, planned_date);
        """
    )
    op.execute(MARK)
