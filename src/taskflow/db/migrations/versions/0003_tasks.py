"""Tasks, and the answers kept for idempotency keys."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables, their indexes and grants."""
    op.execute(
        """
        CREATE TABLE tasks.tasks (
          id uuid PRIMARY KEY,
          user_id uuid NOT NULL,
          title text NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
          description text NOT NULL DEFAULT '' CHECK (length(description) <= 10000),
          status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'completed')),
          priority text NOT NULL DEFAULT 'medium'
            CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
          priority_rank smallint NOT NULL GENERATED ALWAYS AS (
            CASE priority WHEN 'urgent' THEN 4 WHEN 'high' THEN 3 WHEN 'medium' THEN 2 ELSE 1 END
          ) STORED,
          tags text[] NOT NULL DEFAULT '{}',
          due_at timestamptz,
          all_day boolean NOT NULL DEFAULT false,
          timezone text NOT NULL,
          recurrence jsonb,
          reminders jsonb NOT NULL DEFAULT '[]',
          series_id uuid,
          occurrence_date text,
          version integer NOT NULL CHECK (version > 0),
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          completed_at timestamptz,
          deleted_at timestamptz,
          search tsvector NOT NULL GENERATED ALWAYS AS (
            setweight(to_tsvector('simple', title), 'A')
            || setweight(to_tsvector('simple', description), 'B')
          ) STORED,
          CHECK ((status = 'completed') = (completed_at IS NOT NULL))
        );
        CREATE INDEX tasks_by_creation ON tasks.tasks (user_id, created_at, id)
          WHERE deleted_at IS NULL;
        CREATE INDEX tasks_by_due ON tasks.tasks (user_id, coalesce(due_at, 'infinity'), id)
          WHERE deleted_at IS NULL;
        CREATE INDEX tasks_by_priority ON tasks.tasks (user_id, priority_rank, id)
          WHERE deleted_at IS NULL;
        CREATE INDEX tasks_by_title ON tasks.tasks (user_id, title, id) WHERE deleted_at IS NULL;
        CREATE INDEX tasks_by_series ON tasks.tasks (series_id) WHERE series_id IS NOT NULL;
        CREATE INDEX tasks_by_tag ON tasks.tasks USING gin (tags) WHERE deleted_at IS NULL;
        CREATE INDEX tasks_by_words ON tasks.tasks USING gin (search);
        CREATE INDEX tasks_in_trash ON tasks.tasks (deleted_at) WHERE deleted_at IS NOT NULL;
        CREATE INDEX tasks_in_trash_by_user ON tasks.tasks (user_id, created_at, id)
          WHERE deleted_at IS NOT NULL;

        CREATE TABLE tasks.idempotency_keys (
          user_id uuid NOT NULL,
          key text NOT NULL,
          request_hash bytea NOT NULL,
          status smallint NOT NULL,
          headers jsonb NOT NULL,
          body bytea NOT NULL,
          created_at timestamptz NOT NULL,
          PRIMARY KEY (user_id, key)
        );
        CREATE INDEX idempotency_keys_by_age ON tasks.idempotency_keys (created_at);

        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tasks TO taskflow_tasks;
        """
    )
