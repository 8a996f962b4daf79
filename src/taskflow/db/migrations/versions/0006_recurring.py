"""Series of recurring tasks, and what has become of each of their instances."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables, their indexes and grants."""
    op.execute(
        """
        CREATE TABLE recurring.series (
          id uuid PRIMARY KEY,
          user_id uuid NOT NULL,
          recurrence jsonb NOT NULL,
          start_at timestamptz NOT NULL,
          timezone text NOT NULL,
          all_day boolean NOT NULL,
          status text NOT NULL CHECK (status IN ('active', 'ended')),
          made integer NOT NULL,
          updated_at timestamptz NOT NULL
        );
        CREATE INDEX series_by_user ON recurring.series (user_id, id);

        CREATE TABLE recurring.instances (
          task_id uuid PRIMARY KEY,
          series_id uuid NOT NULL REFERENCES recurring.series,
          title text NOT NULL,
          occurrence_date text,
          version integer NOT NULL,
          state text NOT NULL CHECK (state IN ('open', 'done', 'gone')),
          completed_at timestamptz
        );
        CREATE INDEX instances_by_series ON recurring.instances (series_id, occurrence_date);

        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA recurring
          TO taskflow_recurring;
        """
    )
