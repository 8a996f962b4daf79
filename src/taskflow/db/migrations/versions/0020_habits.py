"""What habits are found in, whose history has changed, and what was suggested."""

from alembic import op

revision = "0020"
down_revision = "0018"


def upgrade() -> None:
    """Make the tables, take over what is there, and have everybody's history looked at."""
    op.execute(TABLES)
    op.execute(HISTORY)
    op.execute(LOOKS)


TABLES = """
CREATE TABLE recurring.habit_tasks (
  task_id uuid PRIMARY KEY,
  user_id uuid NOT NULL,
  version integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('past', 'recurring', 'gone')),
  at timestamptz NOT NULL,
  title text NOT NULL,
  timezone text NOT NULL,
  created_at timestamptz NOT NULL,
  completed_at timestamptz,
  priority text NOT NULL,
  tags text[] NOT NULL,
  due_date text,
  all_day boolean NOT NULL
);
CREATE INDEX habit_tasks_by_user ON recurring.habit_tasks (user_id, kind, at);

CREATE TABLE recurring.habit_looks (
  user_id uuid PRIMARY KEY,
  changes integer NOT NULL,
  look_at timestamptz NOT NULL
);
CREATE INDEX habit_looks_by_time ON recurring.habit_looks (look_at);

CREATE TABLE recurring.suggestions (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL,
  words text[] NOT NULL,
  status text NOT NULL CHECK (status IN ('open', 'accepted', 'dismissed')),
  suggestion jsonb,
  confidence real NOT NULL,
  stands_until date NOT NULL,
  task_id uuid,
  UNIQUE (user_id, words)
);
CREATE INDEX suggestions_open ON recurring.suggestions (user_id, confidence)
  WHERE status = 'open';

GRANT SELECT, INSERT, UPDATE, DELETE
   ON recurring.habit_tasks, recurring.habit_looks, recurring.suggestions TO taskflow_recurring;
"""

# What is older than the detector looks at is left out.
HISTORY = """
INSERT INTO recurring.habit_tasks
SELECT id, user_id, version, kind, coalesce(completed_at, created_at),
       CASE WHEN kind = 'gone' THEN '' ELSE title END, timezone, created_at, completed_at, priority,
       CASE WHEN kind = 'gone' THEN '{}' ELSE tags END,
       CASE WHEN all_day THEN to_char(due_at AT TIME ZONE timezone, 'YYYY-MM-DD')
            ELSE to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END,
       all_day
  FROM tasks.tasks
 CROSS JOIN LATERAL (
       SELECT CASE WHEN recurrence IS NOT NULL AND status = 'pending' THEN 'recurring'
                   WHEN series_id IS NULL THEN 'past'
                   ELSE 'gone' END AS kind
       ) AS known
 WHERE deleted_at IS NULL AND updated_at > now() - interval '2000 days'
"""

LOOKS = """
INSERT INTO recurring.habit_looks
SELECT DISTINCT user_id, 1, now() FROM recurring.habit_tasks WHERE kind = 'past'
"""
