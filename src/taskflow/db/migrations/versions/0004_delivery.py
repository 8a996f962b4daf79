"""The event path: what has to go out, what has come in, and what could not be handled."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables, their indexes and grants."""
    op.execute(
        """
        CREATE TABLE delivery.outbox (
          id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          event_id uuid NOT NULL,
          source text NOT NULL,
          topic text NOT NULL,
          key text NOT NULL,
          envelope bytea NOT NULL,
          created_at timestamptz NOT NULL
        );

        CREATE TABLE delivery.inbox (
          consumer text NOT NULL,
          event_id uuid NOT NULL,
          PRIMARY KEY (consumer, event_id)
        );

        CREATE TABLE delivery.dead_letters (
          consumer text NOT NULL,
          event_id text NOT NULL,
          topic text NOT NULL,
          key text NOT NULL,
          envelope bytea NOT NULL,
          reason text NOT NULL,
          failed_at timestamptz NOT NULL,
          replay_asked_at timestamptz,
          PRIMARY KEY (consumer, event_id)
        );

        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA delivery TO taskflow_delivery;
        GRANT SELECT, INSERT, UPDATE, DELETE ON delivery.dead_letters TO taskflow_audit;
        GRANT SELECT, INSERT ON delivery.outbox TO taskflow_audit;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA delivery TO taskflow_delivery, taskflow_audit;
        """
    )
