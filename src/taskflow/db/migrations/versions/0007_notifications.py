"""The list of notifications, numbered densely for each user, and one-time tickets for streams."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables, their indexes and grants."""
    op.execute(
        """
        CREATE TABLE notifications.positions (
          user_id uuid PRIMARY KEY,
          last bigint NOT NULL
        );
        CREATE TABLE notifications.items (
          user_id uuid NOT NULL,
          id bigint NOT NULL,
          event_id uuid NOT NULL,
          data jsonb NOT NULL,
          created_at timestamptz NOT NULL,
          read_at timestamptz,
          PRIMARY KEY (user_id, id)
        );
        CREATE INDEX items_unread ON notifications.items (user_id, id) WHERE read_at IS NULL;
        CREATE INDEX items_by_age ON notifications.items (created_at);
        CREATE TABLE notifications.tickets (
          hash bytea PRIMARY KEY,
          identity jsonb NOT NULL,
          expires_at timestamptz NOT NULL
        );
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA notifications
          TO taskflow_notifications;
        """
    )
