"""Whether more may have been missed of a series than was counted."""

from alembic import op

revision = "0033"
down_revision = "0032"

# Counting ended at 5,000, of which the newest 31 may have had their task.
MARK = """
UPDATE recurring.instances
   SET is_missed_at_least = missed >= 4969, is_lapsed_at_least = lapsed >= 4969
 WHERE missed >= 4969 OR lapsed >= 4969
"""


def upgrade() -> None:
    """Make the columns, and mark what is so high that counting may have ended there."""
    op.execute(
        """
        ALTER TABLE recurring.instances
          ADD COLUMN is_missed_at_least boolean NOT NULL DEFAULT false,
          ADD COLUMN is_lapsed_at_least boolean NOT NULL DEFAULT false;
        COMMENT ON COLUMN recurring.instances.is_missed_at_least IS
          'Whether more than missed may have had no task: counting them has ended.';
        COMMENT ON COLUMN recurring.instances.is_lapsed_at_least IS
          'Whether more than lapsed may have had no task: counting them has ended.';
        """
    )
    op.execute(MARK)
