"""Reminders, and the newest known state of the tasks that they belong to."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the tables, their indexes and grants."""
    op.execute(
        """
        CREATE TABLE reminders.tasks (
          task_id uuid PRIMARY KEY,
          version integer NOT NULL,
          event_id uuid NOT NULL,
          correlation_id text NOT NULL,
          task jsonb NOT NULL
        );
        CREATE TABLE reminders.reminders (
          id uuid PRIMARY KEY,
          task_id uuid NOT NULL,
          user_id uuid NOT NULL,
          "offset" text,
          at timestamptz,
          planned_at timestamptz NOT NULL,
          fire_at timestamptz NOT NULL,
          status text NOT NULL CHECK (status IN ('pending', 'sent', 'acknowledged', 'cancelled')),
          reason text,
          fired_at timestamptz,
          late_by_seconds integer
        );
        CREATE INDEX reminders_by_task ON reminders.reminders (task_id);
        CREATE INDEX reminders_by_user ON reminders.reminders (user_id, fire_at, id);
        CREATE INDEX reminders_due ON reminders.reminders (fire_at) WHERE status = 'pending';
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA reminders
          TO taskflow_reminders;
        """
    )
