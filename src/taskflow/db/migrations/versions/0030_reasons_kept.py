"""What was not plain about the occurrence of a task, which an edited rule could tell no more."""

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Make the column."""
    op.execute(
        """
        ALTER TABLE recurring.instances ADD COLUMN reason text;
        COMMENT ON COLUMN recurring.instances.reason IS
          'What was not plain when it was planned, empty where all was; NULL where unknown.';
        """
    )
