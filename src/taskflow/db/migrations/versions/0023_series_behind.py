"""How far the tasks of a series come from before it was last moved, and which series float."""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Add the column and the index."""
    op.execute(
        """
        ALTER TABLE recurring.series ADD COLUMN behind integer NOT NULL DEFAULT 0;
        CREATE INDEX series_floating ON recurring.series (id)
          WHERE floating AND next_at IS NOT NULL;
        """
    )
