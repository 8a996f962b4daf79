"""Tasks whose wall time is that of wherever their owner is."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add the column, and the index by which an owner's are found."""
    op.execute(
        """
        ALTER TABLE tasks.tasks ADD COLUMN floating boolean NOT NULL DEFAULT false;
        CREATE INDEX tasks_floating ON tasks.tasks (user_id, id)
         WHERE floating AND status = 'pending' AND deleted_at IS NULL;
        """
    )
