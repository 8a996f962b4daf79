"""How far the tasks of a series come from before it was last moved."""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE recurring.series ADD COLUMN behind integer NOT NULL DEFAULT 0")
