"""The channels by which a person wants to be reminded, beside the page."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Make the table, its index and grants."""
    op.execute(
        """
        CREATE TABLE reminders.channels (
          id uuid PRIMARY KEY,
          user_id uuid NOT NULL,
          kind text NOT NULL,
          name text NOT NULL,
          address jsonb NOT NULL,
          position integer NOT NULL,
          is_on boolean NOT NULL DEFAULT true,
          off_reason text,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL
        );
        CREATE INDEX channels_by_user ON reminders.channels (user_id, position, id);
        GRANT SELECT, INSERT, UPDATE, DELETE ON reminders.channels TO taskflow_reminders;
        """
    )
